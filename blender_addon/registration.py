"""What the extension adds to Blender, and how all of it goes again."""

from __future__ import annotations

import bpy

from .ui import handlers, operators, panels, properties

_CLASSES = (properties.InspectionProperties, *operators.CLASSES, *panels.CLASSES)


def register() -> None:
    """Add classes, the property of scenes and handlers; where anything fails, nothing stays."""
    try:
        for one in _CLASSES:
            bpy.utils.register_class(one)
        setattr(bpy.types.Scene, properties.KEY, bpy.props.PointerProperty(type=properties.InspectionProperties))
        handlers.register()
    except BaseException:
        unregister()
        raise


def unregister() -> None:
    """Take away whatever :func:`register` added, the last first; scenes keep their manifest for the next time."""
    handlers.unregister()
    if hasattr(bpy.types.Scene, properties.KEY):
        delattr(bpy.types.Scene, properties.KEY)
    for one in reversed(_CLASSES):
        if one.is_registered:
            bpy.utils.unregister_class(one)
