"""Which frame is shown, and which draw."""

from __future__ import annotations

from typing import Any

import bpy

from .. import authoring, inspection
from ..messages import guarded
from ..properties import of


class _Opened:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)


class NewDraw(_Opened, bpy.types.Operator):
    """Draw everything anew: the next seed"""

    bl_idname = "defectory.new_draw"
    bl_label = "New Draw"

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = of(context.scene).manifest
        group.seed = str(int(group.seed or 0) + 1)
        return {"FINISHED" if authoring.follow(context.scene) else "CANCELLED"}


class NextInstance(_Opened, bpy.types.Operator):
    """Show the next instance from the same view; after the last comes the first"""

    bl_idname = "defectory.next_instance"
    bl_label = "Next Instance"

    def execute(self, context: bpy.types.Context) -> set[str]:
        opened = inspection.current
        assert opened is not None
        manifest = opened.table.manifest
        context.scene.frame_set((context.scene.frame_current + manifest.frames_per_instance) % manifest.frame_count)
        return {"FINISHED"}


class WakeDrivers(_Opened, bpy.types.Operator):
    """Have Blender try the drivers again that it switched off because they failed"""

    bl_idname = "defectory.wake_drivers"
    bl_label = "Wake the Drivers"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED" if guarded(lambda: inspection.wake(context.scene)) else "CANCELLED"}


class AllowDrivers(_Opened, bpy.types.Operator):
    """Allow Blender to run the drivers of files that you open (Preferences, Save & Load, Auto Run Python Scripts)"""

    bl_idname = "defectory.allow_drivers"
    bl_label = "Allow Drivers"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.preferences.filepaths.use_scripts_auto_execute = True
        return {"FINISHED" if guarded(lambda: inspection.wake(context.scene)) else "CANCELLED"}


class RestoreRig(_Opened, bpy.types.Operator):
    """Build camera, lights and backdrop anew, as the manifest has them"""

    bl_idname = "defectory.restore_rig"
    bl_label = "Restore Camera and Lights"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED" if guarded(lambda: inspection.rebuild(context.scene)) else "CANCELLED"}


CLASSES: tuple[Any, ...] = (NewDraw, NextInstance, WakeDrivers, AllowDrivers, RestoreRig)
