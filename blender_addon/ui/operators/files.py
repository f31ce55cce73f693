"""Manifests opened, parts imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import authoring, messages
from ..messages import guarded, redraw


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
        path, changed = Path(bpy.path.abspath(self.filepath)), []
        if not guarded(lambda: changed.append(authoring.open_manifest(path, context.window))):
            # Not an error report: with that, a script that calls the operator gets an exception.
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        if not any(changed):
            return {"CANCELLED"}  # or there would be an undo step of nothing
        self.report({"INFO"}, f"{path.name}: {context.scene.frame_end + 1:,} frames")
        return {"FINISHED"}


class ImportPart(bpy.types.Operator):
    """Import a CAD file: a new inspection begins with it, or it takes the place of the part"""

    bl_idname = "defectory.import_part"
    bl_label = "Import CAD..."
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="CAD file", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.step;*.stp;*.iges;*.igs;*.stl;*.obj;*.ply;*.glb;*.gltf", options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path, window, changed = Path(bpy.path.abspath(self.filepath)), context.window, []
        if not guarded(lambda: changed.append(authoring.import_part(path, context.scene, window))):
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        return {"FINISHED" if any(changed) else "CANCELLED"}


CLASSES: tuple[Any, ...] = (OpenManifest, ImportPart)
