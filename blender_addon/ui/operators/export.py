"""The manifest written, rendered here, handed to a farm; its report opened."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import bpy

from .. import authoring, documents, exporting, inspection, messages, runs
from ..messages import guarded, redraw
from ..preferences import settings


class _Opened:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)


class ExportManifest(_Opened, bpy.types.Operator):
    """Write the manifest, and beside it the Blender file that holds what you made by hand"""

    bl_idname = "defectory.export"
    bl_label = "Export Manifest..."
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="Manifest to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.yaml", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        self.filepath = str(documents.source(context.scene).with_suffix(".yaml"))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.ensure_ext(bpy.path.abspath(self.filepath), ".yaml"))
        if not guarded(lambda: _export(context.scene, path)):
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        self.report({"INFO"}, f"{path} is written")
        return {"FINISHED"}


class _Run(_Opened):
    farm = False

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = documents.source(context.scene).with_suffix(".yaml")

        def go() -> None:
            _export(context.scene, path)
            opened = inspection.current
            assert opened is not None
            runs.begin(opened.table.manifest, path, settings(), farm=self.farm)

        if not guarded(go):
            self.report({"WARNING"}, messages.problem)  # type: ignore[attr-defined]
            redraw()
            return {"CANCELLED"}
        return {"FINISHED"}


class RenderHere(_Run, bpy.types.Operator):
    """Export the manifest and render it on this machine, as 'defectory render' does in a shell"""

    bl_idname = "defectory.render_here"
    bl_label = "Render Here"


class SubmitToFarm(_Run, bpy.types.Operator):
    """Export the manifest and hand it to the farm, as 'defectory submit' does in a shell"""

    bl_idname = "defectory.submit"
    bl_label = "Submit to Farm"
    farm = True


class CancelRun(bpy.types.Operator):
    """Stop rendering, on the farm too; what is there stays, and the next run goes on from there"""

    bl_idname = "defectory.cancel_run"
    bl_label = "Cancel"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED" if guarded(runs.cancel) else "CANCELLED"}


class OpenReport(bpy.types.Operator):
    """Open the report of the data set in a browser"""

    bl_idname = "defectory.open_report"
    bl_label = "Open Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return runs.last is not None and runs.last.report_file.is_file()

    def execute(self, context: bpy.types.Context) -> set[str]:
        assert runs.last is not None
        webbrowser.open(runs.last.report_file.resolve().as_uri())
        return {"FINISHED"}


def _export(scene: bpy.types.Scene, path: Path) -> None:
    authoring.synchronise(scene)
    exporting.export(scene, path)


CLASSES: tuple[Any, ...] = (ExportManifest, RenderHere, SubmitToFarm, CancelRun, OpenReport)
