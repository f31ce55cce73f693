"""A photograph loaded, points matched, the camera solved, render and photograph compared."""

from __future__ import annotations

from typing import Any

import bpy
from bpy_extras import view3d_utils
from mathutils import Vector

from ...scene import MM
from .. import authoring, inspection, messages
from ..messages import guarded, redraw
from ..photograph import comparison, matching, overlay, picture
from ..properties import of
from ..views import look_through_camera

_SNAP_PX = 10.0
"""How near to a corner of the part a click must be to mean the corner."""


class _Opened:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def _done(self, went_well: bool) -> set[str]:
        redraw()
        if went_well:
            return {"FINISHED"}
        self.report({"WARNING"}, messages.problem)  # type: ignore[attr-defined]
        return {"CANCELLED"}


class _WithPhotograph(_Opened):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene) and bool(of(context.scene).photograph.file)


class LoadPhotograph(_Opened, bpy.types.Operator):
    """Lay a photograph of the real part over the view through the camera"""

    bl_idname = "defectory.load_photograph"
    bl_label = "Load Photograph..."

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The photograph", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        def go() -> None:
            picture.read(self.filepath)
            of(context.scene).photograph.file = self.filepath
            comparison.forget()
            if context.window is not None:
                look_through_camera(context.window)

        return self._done(guarded(go))


class RemovePhotograph(_WithPhotograph, bpy.types.Operator):
    """Put the photograph away; matched points and the solved camera stay"""

    bl_idname = "defectory.remove_photograph"
    bl_label = "Remove Photograph"

    def execute(self, context: bpy.types.Context) -> set[str]:
        of(context.scene).photograph.file = ""
        comparison.forget()
        return self._done(went_well=True)


class MatchPoint(_WithPhotograph, bpy.types.Operator):
    """Click a point of the part, then the same point in the photograph"""

    bl_idname = "defectory.match_point"
    bl_label = "Match a Point"

    point_mm: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="On the Part (mm)", description="Point in the part's own axes", size=3, options={"SKIP_SAVE"}
    )
    pixel_px: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="In the Photograph (px)", description="From its left and top edge", size=2, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = of(context.scene).photograph
        point = group.points.add()
        point.point_mm, point.pixel_px = self.point_mm, self.pixel_px
        group.points_index = len(group.points) - 1
        return self._done(went_well=True)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._ask(context, "part")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type in {"ESC", "RIGHTMOUSE"} or not self.poll(context):
            self._ask(context, "")
            return {"CANCELLED"}
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            return {"PASS_THROUGH"}  # so that a person can turn and zoom the view
        spot = _spot(context, event)
        if spot is None:
            return {"PASS_THROUGH"}
        with context.temp_override(**spot[0]):
            if overlay.picking == "part":
                hit = _hit(bpy.context, spot[1])
                if hit is not None:
                    self.point_mm = hit / MM
                    bpy.context.region_data.view_perspective = "CAMERA"
                    self._ask(context, "photograph")
                return {"RUNNING_MODAL"}
            pixel = _pixel(bpy.context, spot[1])
        if pixel is None:
            return {"RUNNING_MODAL"}
        self.pixel_px = pixel
        self._ask(context, "")
        return self.execute(context)

    def _ask(self, context: bpy.types.Context, for_what: str) -> None:
        overlay.picking = for_what
        words = {
            "part": "Click a point of the part: near a corner it is the corner. Esc: cancel",
            "photograph": "Click the same point in the photograph; the wheel zooms. Esc: cancel",
        }
        context.workspace.status_text_set(words.get(for_what))
        redraw()


class RemovePoint(_Opened, bpy.types.Operator):
    """Remove the point that is chosen in the list"""

    bl_idname = "defectory.remove_point"
    bl_label = "Remove Point"

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = of(context.scene).photograph
        group.points.remove(group.points_index)
        group.points_index = max(0, min(group.points_index, len(group.points) - 1))
        return self._done(went_well=True)


class SolveCamera(_WithPhotograph, bpy.types.Operator):
    """Put the camera where the photograph was taken from: the manifest's views become that pose"""

    bl_idname = "defectory.solve_camera"
    bl_label = "Solve Camera"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._done(guarded(lambda: matching.solve(context.scene)))


class CompareRender(_WithPhotograph, bpy.types.Operator):
    """Render the frame that is shown and set it beside the photograph"""

    bl_idname = "defectory.compare_render"
    bl_label = "Render and Compare"
    bl_options = {"REGISTER"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._done(guarded(lambda: comparison.begin(context.scene)))


class MatchExposure(_WithPhotograph, bpy.types.Operator):
    """Set the output's exposure so that the part is as bright as in the photograph, by the median of its light"""

    bl_idname = "defectory.match_exposure"
    bl_label = "Match Exposure"

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene

        def go() -> None:
            authoring.edit(scene, "output.exposure_stops", round(comparison.fitted_stops(), 3))
            authoring.synchronise(scene)
            if comparison.held is not None:
                comparison.measure(scene, comparison.held.frame)

        return self._done(guarded(go))


def _spot(context: bpy.types.Context, event: bpy.types.Event) -> tuple[dict[str, Any], Vector] | None:
    """The 3D view under the mouse, and where in it the mouse is, px."""
    for area in context.screen.areas:
        if area.type != "VIEW_3D":
            continue
        over = [r for r in area.regions if _inside(r, event)]
        if any(r.type != "WINDOW" for r in over if r.width > 1 and r.height > 1):
            continue  # a sidebar lies over the view
        for region in over:
            place = Vector((event.mouse_x - region.x, event.mouse_y - region.y))
            return {"area": area, "region": region, "region_data": area.spaces.active.region_3d}, place
    return None


def _inside(region: bpy.types.Region, event: bpy.types.Event) -> bool:
    across, up = event.mouse_x - region.x, event.mouse_y - region.y
    return bool(0 <= across < region.width and 0 <= up < region.height)


def _hit(context: bpy.types.Context, spot: Vector) -> Vector | None:
    """Point of the part, in its own axes, under a spot of the view; the nearest corner of the face where it is near."""
    region, view, part = context.region, context.region_data, inspection.part_of(context.scene)
    if part is None:
        return None
    inverse = part.matrix_world.inverted()
    origin = inverse @ view3d_utils.region_2d_to_origin_3d(region, view, spot)
    ahead = inverse.to_3x3() @ view3d_utils.region_2d_to_vector_3d(region, view, spot)
    shown = part.evaluated_get(context.evaluated_depsgraph_get())
    hit, place, _, face = shown.ray_cast(origin, ahead)
    if not hit:
        return None
    corners = [shown.data.vertices[index].co.copy() for index in shown.data.polygons[face].vertices]

    def away(corner: Vector) -> float:
        seen = view3d_utils.location_3d_to_region_2d(region, view, part.matrix_world @ corner)
        return float("inf") if seen is None else float((seen - spot).length)

    nearest = min(corners, key=away)
    return nearest if away(nearest) < _SNAP_PX else place.copy()


def _pixel(context: bpy.types.Context, spot: Vector) -> tuple[float, float] | None:
    """Pixel of the photograph under a spot of the view through the camera."""
    frame = overlay.frame_in_region(context)
    if frame is None or picture.held is None:
        return None
    (left, bottom), (right, top) = frame
    across, down = (spot.x - left) / (right - left), (top - spot.y) / (top - bottom)
    if not (0 <= across <= 1 and 0 <= down <= 1):
        return None
    width, height = picture.held.size_px
    return across * width, down * height


CLASSES: tuple[Any, ...] = (
    LoadPhotograph,
    RemovePhotograph,
    MatchPoint,
    RemovePoint,
    SolveCamera,
    CompareRender,
    MatchExposure,
)
