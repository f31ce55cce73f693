"""The render beside a photograph of the real part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import drawing, inspection
from ..operators.photograph import (
    CompareRender,
    LoadPhotograph,
    MatchExposure,
    MatchPoint,
    RemovePhotograph,
    RemovePoint,
    SolveCamera,
)
from ..photograph import comparison
from ..properties import of
from .base import StepPanel
from .jobs import progress


class DEFECTORY_UL_matches(bpy.types.UIList):
    """Matched points, each with how far off the solved camera sees it"""

    def draw_item(self, _c: Any, layout: Any, _d: Any, item: Any, _i: Any, _a: Any, _p: Any, index: int) -> None:
        row = layout.row()
        row.label(text=f"Point {index + 1}", translate=False)
        row.label(text=f"{item.error_px:.2f} px off" if item.error_px >= 0 else "new", translate=False)


class PhotographPanel(StepPanel, bpy.types.Panel):
    """A photograph of the real part: laid over the view, its camera found, its grey values compared"""

    bl_idname = "DEFECTORY_PT_photograph"
    bl_label = "Compare with a Photograph"

    def draw_header(self, context: bpy.types.Context) -> None:
        # No step that must be done: it has no mark.
        self.layout.label(text="", icon="IMAGE_DATA")  # type: ignore[attr-defined]

    def draw(self, context: bpy.types.Context) -> None:
        layout, group = self.layout, of(context.scene).photograph
        if not group.file:
            layout.operator(LoadPhotograph.bl_idname, icon="FILE_IMAGE")
            return
        row = layout.row(align=True)
        row.label(text=Path(bpy.path.abspath(group.file)).name, icon="FILE_IMAGE", translate=False)
        row.operator(LoadPhotograph.bl_idname, text="", icon="FILE_FOLDER")
        row.operator(RemovePhotograph.bl_idname, text="", icon="X")
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(group, "blend")
        layout.prop(group, "wipe")
        _draw_camera(layout.box(), context, group)
        _draw_comparison(layout.box(), group)


def _draw_camera(layout: Any, context: bpy.types.Context, group: Any) -> None:
    row = layout.row()
    row.template_list("DEFECTORY_UL_matches", "", group, "points", group, "points_index", rows=4)
    buttons = row.column(align=True)
    buttons.operator(MatchPoint.bl_idname, text="", icon="ADD")
    buttons.operator(RemovePoint.bl_idname, text="", icon="REMOVE")
    if 0 <= group.points_index < len(group.points):
        point = group.points[group.points_index]
        layout.prop(point, "point_mm", text="Part (mm)")
        layout.prop(point, "pixel_px", text="Photo (px)")
    layout.operator(SolveCamera.bl_idname, icon="CAMERA_DATA")
    if group.residual_px >= 0:
        drawing.lines(
            layout,
            (
                ("Residual", f"{group.residual_px:.2f} px"),
                ("Camera", f"± {group.spread_mm:.2g} mm per pixel"),
            ),
        )
    opened = inspection.current
    moved = ("camera.offset_mm", "camera.tilt_deg", "camera.focal_length_mm", "part.location_mm", "part.rotation_deg")
    if opened is not None and any(
        not p.muted and p.scope == "frame" and p.target.startswith(moved) for p in opened.table.manifest.parameters
    ):
        drawing.message(layout, context, "Camera or part are drawn anew in each frame: the match holds for this one")


def _draw_comparison(layout: Any, group: Any) -> None:
    layout.operator(CompareRender.bl_idname, icon="RENDER_STILL")
    progress(layout, comparison.KIND)
    likeness = comparison.held
    if likeness is None:
        return
    layout.prop(group, "row")
    (photograph, render), (spread, spread_render) = likeness.means, likeness.deviations
    lines = [
        ("Frame", f"{likeness.frame}"),
        ("", "photograph, render"),
        ("Mean of the part", f"{photograph:.3f}, {render:.3f}"),
        ("Deviation", f"{spread:.3f}, {spread_render:.3f}"),
        ("Histograms", f"{likeness.overlap:.0%} in common"),
        ("Row", f"RMS difference {likeness.row_difference(group.row):.3f}"),
    ]
    drawing.lines(layout, lines)
    if likeness.stops is not None:
        layout.operator(MatchExposure.bl_idname, icon="LIGHT_SUN", text=f"Match Exposure ({likeness.stops:+.2f} stops)")


CLASSES: tuple[Any, ...] = (DEFECTORY_UL_matches, PhotographPanel)
