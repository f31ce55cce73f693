"""The installed extension: its modules, switched on and off, and what is left of it."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import bpy

ADDON = "bl_ext.user_default.defectory"


def module(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{ADDON}.{name}")


def enable() -> float:
    """Enable the extension and return the seconds that took: processor time, for test machines are shared."""
    start = time.process_time()
    bpy.ops.preferences.addon_enable(module=ADDON)
    return time.process_time() - start


def disable() -> None:
    bpy.ops.preferences.addon_disable(module=ADDON)


def until(condition: Callable[[], object], seconds: float = 180.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, module("ui.messages").problem or "waited in vain"
        time.sleep(0.05)


def registered() -> dict[str, list[str]]:
    """Everything that an add-on can leave behind."""
    found = {
        "types": [name for name in dir(bpy.types) if "defectory" in name.lower()],
        "subclasses": [
            one.__name__
            for base in (bpy.types.Operator, bpy.types.Panel, bpy.types.PropertyGroup, bpy.types.Menu)
            for one in base.__subclasses__()
            if one.__module__.startswith(ADDON) and one.is_registered
        ],
        "operators": list(dir(bpy.ops.defectory)),
        "scene": [name for name in ("defectory",) if hasattr(bpy.types.Scene, name)],
        "window manager": [name for name in ("defectory",) if hasattr(bpy.types.WindowManager, name)],
        "menus": [
            function.__name__
            for kind in (bpy.types.Menu, bpy.types.Panel, bpy.types.Header)
            for one in kind.__subclasses__()
            for function in getattr(getattr(one, "draw", None), "_draw_funcs", ())
            if function.__module__.startswith(ADDON)
        ],
        "timers": [
            name
            for name, timer in (
                ("handlers", "_follow_soon"),
                ("authoring", "_follow_all"),
                ("jobs", "_watch"),
                ("runs", "_watch"),
            )
            if f"{ADDON}.ui.{name}" in sys.modules
            and bpy.app.timers.is_registered(getattr(module(f"ui.{name}"), timer))
        ],
        "draw handlers": ["of ours" for _ in _draw_handlers()],
        "drivers": [name for name in ("param",) if name in bpy.app.driver_namespace],
    }
    for event in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, event)
        if isinstance(handlers, list):
            found["handlers." + event] = [h.__name__ for h in handlers if (h.__module__ or "").startswith(ADDON)]
    return {kind: names for kind, names in found.items() if names}


def _draw_handlers() -> list[Any]:
    """Handles that Blender knows, for it lists them nowhere."""
    drawing, photograph = (sys.modules.get(f"{ADDON}.ui.{name}") for name in ("overlays.drawing", "photograph.overlay"))
    return [] if drawing is None or photograph is None else drawing._handles + photograph.handles
