"""3D views that show what the camera sees."""

from __future__ import annotations

from typing import Any

import bpy


def look_through_camera(window: bpy.types.Window) -> None:
    """Show in each 3D view what the camera sees: a part of a few millimetres is lost in Blender's usual view."""
    for space in _spaces(window):
        space.region_3d.view_perspective = "CAMERA"


def through_camera() -> list[Any]:
    """The 3D views of all windows that show what the camera sees."""
    spaces = [space for window in bpy.context.window_manager.windows for space in _spaces(window)]
    return [space for space in spaces if space.region_3d.view_perspective == "CAMERA"]


def _spaces(window: bpy.types.Window) -> list[Any]:
    return [area.spaces.active for area in window.screen.areas if area.type == "VIEW_3D"]
