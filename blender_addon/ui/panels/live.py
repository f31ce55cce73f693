"""Sub-panels of what is drawn over the 3D view, and of the contact sheet."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import showing
from ...geometry.coverage import picture
from .. import contact_sheet, drawing, inspection, swatches
from ..operators.live import ComputeCoverage, ContactSheet
from ..overlays import classes, coverage, mask, settings
from .base import StepPanel
from .jobs import progress

_STEPS = 5


class _SubPanel(StepPanel):
    bl_options = set[str]()  # noqa: RUF012

    def draw_header(self, context: bpy.types.Context) -> None:
        """The mark is the step's."""


class SeenPanel(_SubPanel, bpy.types.Panel):
    """What the views see, in the 3D view"""

    bl_idname = "DEFECTORY_PT_seen"
    bl_parent_id = "DEFECTORY_PT_views"
    bl_label = "Cameras and Coverage"

    def draw(self, context: bpy.types.Context) -> None:
        layout, shown = self.layout, settings.shown()
        layout.prop(shown, "cameras")
        judged = coverage.current(context.scene)
        row = layout.row()
        row.active = judged is not None
        row.prop(shown, "coverage")
        layout.operator(ComputeCoverage.bl_idname, icon="SHADERFX")
        progress(layout, coverage.JOB)
        if judged is not None:
            _coverage_legend(layout, judged.numbers)
        elif coverage.judged is not None:
            layout.label(text="Part or views have changed since: compute again", icon="INFO")


class LivePanel(_SubPanel, bpy.types.Panel):
    """Classes, mask, and nine frames at once"""

    bl_idname = "DEFECTORY_PT_live"
    bl_parent_id = "DEFECTORY_PT_preview"
    bl_label = "Classes, Mask, Contact Sheet"

    def draw(self, context: bpy.types.Context) -> None:
        layout, shown, opened = self.layout, settings.shown(), inspection.current
        if opened is None:
            return
        layout.prop(shown, "classes")
        layout.prop(shown, "mask")
        progress(layout, mask.JOB)
        if shown.mask:
            _say_of_mask(layout, context)
        column = layout.column(align=True)
        for label, color in showing.class_colors(opened.table.manifest).items():
            column.label(text=label, icon_value=swatches.icon(classes.rgb(color)), translate=False)
        layout.operator(ContactSheet.bl_idname, icon="IMGDISPLAY")
        progress(layout, contact_sheet.JOB)
        if contact_sheet.frames:
            drawing.hint(layout, context, f"Frames {', '.join(map(str, contact_sheet.frames))}")


def _say_of_mask(layout: Any, context: bpy.types.Context) -> None:
    region = getattr(context, "region_data", None)
    if region is not None and region.view_perspective != "CAMERA":
        layout.operator("view3d.view_camera", text="Look Through the Camera", icon="CAMERA_DATA")
    elif text := mask.state(context.scene):
        layout.label(text=text, icon="INFO")


def _coverage_legend(layout: Any, numbers: dict[str, float]) -> None:
    layout.label(text=f"{100 * numbers['share']:.1f} % of the reachable surface is seen")
    drawing.lines(
        layout,
        [
            ("Not seen", f"{numbers['uncovered_mm2'] / 100:.3g} of {numbers['reachable_mm2'] / 100:.3g} cm²"),
            ("Views", f"{numbers['views']:.0f}" + (f", {numbers['blind']:.0f} blind" if numbers["blind"] else "")),
        ],
    )
    column = layout.column(align=True)
    least, most = numbers["least_px_per_mm"], numbers["most_px_per_mm"]
    shares = [step / (_STEPS - 1) for step in reversed(range(_STEPS))]
    for share, color in zip(shares, picture.colours(shares)):
        text = f"{least + share * (most - least):.3g} px/mm" + (" or more" if share == 1 else "")
        column.label(text=text, icon_value=swatches.icon(tuple(color)), translate=False)
    for color, text in ((picture.MISSED, "reachable, not seen"), (picture.UNREACHABLE, "not reachable by any view")):
        column.label(text=text, icon_value=swatches.icon(color))
    blur, turned = numbers["blur_px"], numbers["incidence_deg"]
    layout.label(text=f"Seen: ≥ {least:.3g} px/mm, ≤ {turned:.0f}°, blur ≤ {blur:.0f} px", icon="INFO")


CLASSES: tuple[Any, ...] = (SeenPanel, LivePanel)
