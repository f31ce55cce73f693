"""Operators: each reads its properties, calls one function and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import inspection
from .handlers import guarded


class OpenManifest(bpy.types.Operator):
    """Build the scene of a manifest, in a scene of its own; a manifest opened before is replaced"""

    bl_idname = "defectory.open_manifest"
    bl_label = "Open Manifest..."
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="Manifest, YAML or JSON", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.yaml;*.yml;*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if not guarded(lambda: inspection.open_manifest(path, context.window)):
            # Not an error report: with that, a script that calls the operator gets an exception.
            self.report({"WARNING"}, inspection.problem)
            _redraw(context)
            return {"CANCELLED"}
        self.report({"INFO"}, f"{path.name}: {context.scene.frame_end + 1:,} frames")
        return {"FINISHED"}


class WakeDrivers(bpy.types.Operator):
    """Have Blender try the drivers again that it switched off because they failed"""

    bl_idname = "defectory.wake_drivers"
    bl_label = "Wake the Drivers"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED" if guarded(lambda: inspection.wake(context.scene)) else "CANCELLED"}


def _redraw(context: bpy.types.Context) -> None:
    """Nothing in the scene has changed, so that Blender would not draw the panel's message by itself."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


CLASSES: tuple[Any, ...] = (OpenManifest, WakeDrivers)
