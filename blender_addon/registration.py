"""What the extension adds to Blender, and how all of it goes again."""

from __future__ import annotations

import bpy

from .ui import handlers, operators, panels, preferences, properties, swatches
from .ui.operators.randomise import draw_in_context_menu
from .ui.overlays import coverage, mask, settings
from .ui.overlays import drawing as overlays
from .ui.photograph import comparison, picture
from .ui.photograph import overlay as photograph

_CLASSES = (*properties.CLASSES, *settings.CLASSES, *preferences.CLASSES, *operators.CLASSES, *panels.CLASSES)


def register() -> None:
    """Add classes, the property of scenes, handlers and menu entries; where anything fails, nothing stays."""
    try:
        for one in _CLASSES:
            bpy.utils.register_class(one)
        setattr(bpy.types.Scene, properties.KEY, bpy.props.PointerProperty(type=properties.InspectionProperties))
        settings.register()
        handlers.register()
        overlays.register()
        photograph.register()
        bpy.types.UI_MT_button_context_menu.append(draw_in_context_menu)
    except BaseException:
        unregister()
        raise


def unregister() -> None:
    """Take away whatever :func:`register` added, the last first; scenes keep their manifest for the next time."""
    bpy.types.UI_MT_button_context_menu.remove(draw_in_context_menu)
    photograph.unregister()
    overlays.unregister()
    handlers.unregister()
    for one in (mask, coverage, swatches, picture, comparison):
        one.forget()
    settings.unregister()
    if hasattr(bpy.types.Scene, properties.KEY):
        delattr(bpy.types.Scene, properties.KEY)
    for one in reversed(_CLASSES):
        if one.is_registered:
            bpy.utils.unregister_class(one)
