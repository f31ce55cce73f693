"""Operators: each reads its properties, calls one function and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import drivers, inspection
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
            return {"CANCELLED"}
        self.report({"INFO"}, f"{path.name}: {context.scene.frame_end + 1:,} frames")
        return {"FINISHED"}


class AllowDrivers(bpy.types.Operator):
    """Let Blender run Python expressions in drivers, in every file; the same as "Auto Run Python Scripts" in the
    preferences. Do so only if you trust the files that you open"""

    bl_idname = "defectory.allow_drivers"
    bl_label = "Allow Drivers to Run"
    bl_options = {"REGISTER"}  # noqa: RUF012 (a preference is no step that Blender can undo)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.preferences.filepaths.use_scripts_auto_execute = True
        drivers.revive()
        context.scene.frame_set(context.scene.frame_current)
        return {"FINISHED"}


CLASSES: tuple[Any, ...] = (OpenManifest, AllowDrivers)
