"""Blender's events: what must happen when the frame changes, a file was loaded, a step was undone, a render begins."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..contract import errors
from . import authoring, inspection, jobs, properties, runs
from .messages import guarded
from .photograph import comparison, picture


@persistent
def on_frame_change(scene: bpy.types.Scene, *_: Any) -> None:
    if not inspection.rendering:
        guarded(lambda: inspection.show_geometry(scene), "frame")
        return
    # While Blender renders, another thread reads the mesh: replacing it would crash.
    try:
        inspection.check_geometry(scene)
    except errors.UserError as mistake:
        inspection.render_problem = str(mistake)


@persistent
def on_load(*_: Any) -> None:
    inspection.forget()  # of the file before
    picture.forget()
    comparison.forget()
    inspection.rendering, inspection.render_problem = False, ""
    guarded(inspection.follow_file)


@persistent
def on_undo(*_: Any) -> None:
    if guarded(inspection.follow_file, "frame"):
        # A step may lie between an edit and the scene that followed it.
        authoring.schedule()


@persistent
def on_render_begin(*_: Any) -> None:
    inspection.rendering, inspection.render_problem = True, ""


@persistent
def on_render_end(*_: Any) -> None:
    inspection.rendering = False


HANDLERS = {
    "frame_change_pre": on_frame_change,
    "load_post": on_load,
    "undo_post": on_undo,
    "redo_post": on_undo,
    "render_init": on_render_begin,
    "render_complete": on_render_end,
    "render_cancel": on_render_end,
}


def register() -> None:
    properties.on_edit.append(authoring.schedule)
    for event, handler in HANDLERS.items():
        getattr(bpy.app.handlers, event).append(handler)
    # Blender hides its data while it enables add-ons.
    bpy.app.timers.register(_follow_soon, first_interval=0.0)


def unregister() -> None:
    if bpy.app.timers.is_registered(_follow_soon):
        bpy.app.timers.unregister(_follow_soon)
    for event, handler in HANDLERS.items():
        handlers = getattr(bpy.app.handlers, event)
        if handler in handlers:
            handlers.remove(handler)
    properties.on_edit.clear()
    jobs.cancel_all()
    runs.leave()
    authoring.unschedule()
    inspection.forget()


def _follow_soon() -> None:
    guarded(inspection.follow_file)
