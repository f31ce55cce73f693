"""Which overlays are shown: a setting of the window, as Blender's own overlays are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

KEY = "defectory"
"""Name of the group on the window manager."""


on_mask_switched: list[Callable[[], None]] = []
"""Called after a person has switched the mask on or off; who renders masks puts itself here."""


def _mask_switched(group: Any, context: Any) -> None:
    for follow in on_mask_switched:
        follow()


class OverlaySettings(bpy.types.PropertyGroup):
    """What is drawn over the 3D view"""

    cameras: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Cameras of All Views", description="Draw the camera of each view with what it looks at"
    )
    coverage: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Coverage", description="Colour the part by how finely the views resolve it"
    )
    classes: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Classes on the Part", description="Colour the defects and stickers in the geometry by their class"
    )
    mask: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Mask of the Frame",
        description="Lay the class mask over the camera's view; it is rendered beside the window, for each frame that "
        "is looked at; switched on again, it is rendered anew",
        update=_mask_switched,
    )


CLASSES: tuple[Any, ...] = (OverlaySettings,)


def shown() -> Any:
    """The settings."""
    return getattr(bpy.context.window_manager, KEY)


def hide_all() -> None:
    """Show no overlay."""
    for name in OverlaySettings.__annotations__:
        setattr(shown(), name, False)


def register() -> None:
    setattr(bpy.types.WindowManager, KEY, bpy.props.PointerProperty(type=OverlaySettings))


def unregister() -> None:
    if bpy.app.timers.is_registered(hide_all):
        bpy.app.timers.unregister(hide_all)
    if hasattr(bpy.types.WindowManager, KEY):
        delattr(bpy.types.WindowManager, KEY)
