"""The steps of the work, but for looking at frames."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import schema
from .. import drawing, drivers, facts, inspection, messages, preferences, preparing, runs
from ..operators.export import CancelRun, ExportManifest, OpenReport, RenderHere, SubmitToFarm
from ..operators.files import ImportPart, OpenManifest
from ..operators.frames import AllowDrivers, RestoreRig, WakeDrivers
from ..operators.presets import ApplyRig, ApplySurface, SurfaceOnSelection
from .base import Inspection, StepPanel, fields_of, root
from .jobs import progress
from .lists import kinds_of


class InspectionPanel(Inspection, bpy.types.Panel):
    """Where the work begins, and what went wrong"""

    bl_idname = "DEFECTORY_PT_inspection"
    bl_label = "Inspection"

    def draw(self, context: bpy.types.Context) -> None:
        layout, opened = self.layout, inspection.current
        row = layout.row(align=True)
        if not inspection.is_open(context.scene):
            row.operator(ImportPart.bl_idname, icon="IMPORT")
        row.operator(OpenManifest.bl_idname, icon="FILE_FOLDER")
        progress(layout, preparing.JOB)
        for problem in filter(None, (messages.problem, inspection.render_problem)):
            drawing.message(layout, context, problem)
        if opened is None or not inspection.is_open(context.scene):
            return
        if not drivers.run(context.scene, opened.table):
            drawing.message(layout, context, "The drivers do not run: the frame is not the manifest's")
            layout.operator(WakeDrivers.bl_idname, icon="DRIVER")
            if not context.preferences.filepaths.use_scripts_auto_execute:
                layout.operator(AllowDrivers.bl_idname, icon="CHECKMARK")
        if context.scene.camera is None:
            drawing.message(layout, context, inspection.NO_CAMERA)
            layout.operator(RestoreRig.bl_idname, icon="LOOP_BACK")
        if inspection.part_of(context.scene) is None and messages.problem != inspection.NO_PART:
            drawing.message(layout, context, inspection.NO_PART)
        for copy in inspection.copies_of_part(context.scene):
            drawing.message(
                layout, context, f"{copy} is a copy of the part: its defects are in the masks too; delete it"
            )
        drawing.lines(layout, facts.describe_manifest(opened.table, opened.report))


class PartPanel(StepPanel, bpy.types.Panel):
    """The CAD part, and what became of it"""

    bl_idname = "DEFECTORY_PT_part"
    bl_label = "Part"
    key = "part"

    def draw(self, context: bpy.types.Context) -> None:
        layout, opened = self.layout, inspection.current
        layout.operator(ImportPart.bl_idname, icon="IMPORT")
        progress(layout, preparing.JOB)
        fields_of(context).group(layout, root(context).part, schema.Part, "part", "part")
        if opened is not None and opened.report is not None:
            drawing.lines(layout, facts.describe_part(opened.report))


class ViewsPanel(StepPanel, bpy.types.Panel):
    """The camera, and where it stands"""

    bl_idname = "DEFECTORY_PT_views"
    bl_label = "Camera and Views"
    key = "views"

    def draw(self, context: bpy.types.Context) -> None:
        fields, group = fields_of(context), root(context)
        self.layout.operator_menu_enum(ApplyRig.bl_idname, "name", icon="PRESET")
        fields.field(self.layout, group, schema.Manifest, "views", "", "")
        fields.group(self.layout.box(), group.camera, schema.Camera, "camera", "camera")


class LightsPanel(StepPanel, bpy.types.Panel):
    """The lights, and which of them burn"""

    bl_idname = "DEFECTORY_PT_lights"
    bl_label = "Lights"
    key = "lights"

    def draw(self, context: bpy.types.Context) -> None:
        fields = fields_of(context)
        fields.items(self.layout, "lights", kinds_of("lights"))
        self.layout.label(text="Light states")
        fields.items(self.layout, "light_states", None, schema.LightState)


class SurfacePanel(StepPanel, bpy.types.Panel):
    """What the part is made of, and what stands behind it"""

    bl_idname = "DEFECTORY_PT_surface"
    bl_label = "Surface"
    key = "surface"

    def draw(self, context: bpy.types.Context) -> None:
        fields, group = fields_of(context), root(context)
        self.layout.operator_menu_enum(ApplySurface.bl_idname, "name", icon="PRESET")
        fields.field(self.layout, group, schema.Manifest, "surface", "", "")
        self.layout.label(text="Other surfaces on some of its faces")
        self.layout.operator(SurfaceOnSelection.bl_idname, icon="FACESEL")
        fields.items(self.layout, "surfaces", None, schema.LocalSurface)
        fields.field(self.layout, group, schema.Manifest, "backdrop", "", "")


class DefectsPanel(StepPanel, bpy.types.Panel):
    """Kinds of defects"""

    bl_idname = "DEFECTORY_PT_defects"
    bl_label = "Defects"
    key = "defects"

    def draw(self, context: bpy.types.Context) -> None:
        fields_of(context).items(self.layout, "defects", kinds_of("defects"))


class ImpuritiesPanel(StepPanel, bpy.types.Panel):
    """Kinds of impurities: acceptable, but labelled"""

    bl_idname = "DEFECTORY_PT_impurities"
    bl_label = "Impurities"
    key = "impurities"

    def draw(self, context: bpy.types.Context) -> None:
        fields_of(context).items(self.layout, "impurities", kinds_of("impurities"))


class RandomisePanel(StepPanel, bpy.types.Panel):
    """What is drawn anew for each frame or instance"""

    bl_idname = "DEFECTORY_PT_randomise"
    bl_label = "Randomise"
    key = "randomise"

    def draw(self, context: bpy.types.Context) -> None:
        if not root(context).parameters:
            hint = "Nothing yet: press a driver button beside a number, or right-click any property of Blender"
            drawing.hint(self.layout, context, hint)
        fields_of(context).items(self.layout, "parameters", None, schema.Parameter)


class ExportPanel(StepPanel, bpy.types.Panel):
    """How it is rendered and developed; the manifest written, the farm fed"""

    bl_idname = "DEFECTORY_PT_export"
    bl_label = "Export and Render"
    key = "export"

    def draw(self, context: bpy.types.Context) -> None:
        fields, group = fields_of(context), root(context)
        fields.group(self.layout, group.render, schema.Render, "render", "render")
        fields.group(self.layout.box(), group.output, schema.Output, "output", "output")
        fields.field(self.layout, group, schema.Manifest, "twin", "", "")
        self.layout.operator(ExportManifest.bl_idname, icon="EXPORT")
        row = self.layout.row(align=True)
        row.operator(RenderHere.bl_idname, icon="RENDER_STILL")
        row.operator(SubmitToFarm.bl_idname, icon="NETWORK_DRIVE")
        row.operator("preferences.addon_show", text="", icon="PREFERENCES").module = preferences.PACKAGE
        if runs.run is not None:
            row = self.layout.row(align=True)
            done, frames = runs.run.done, runs.run.frames
            row.progress(factor=done / frames, text=f"{done:,} of {frames:,} pairs")
            row.operator(CancelRun.bl_idname, text="", icon="X")
        elif runs.last is not None:
            self.layout.operator(OpenReport.bl_idname, icon="URL")


FIRST: tuple[Any, ...] = (
    InspectionPanel,
    PartPanel,
    ViewsPanel,
    LightsPanel,
    SurfacePanel,
    DefectsPanel,
    ImpuritiesPanel,
    RandomisePanel,
)
LAST: tuple[Any, ...] = (ExportPanel,)
