"""Overlays on the graphics card, in each 3D view of an open inspection."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...contract import sampling
from ...scene import MM
from .. import inspection, messages
from ..facts import clamp_frame
from . import cameras, classes, coverage, mask, settings

_NEARER = 0.002
"""Share of the distance by which what lies on the part is drawn before it, so that the two do not fight for depth."""
_LINE, _SHOWN_LINE = (0.05, 0.05, 0.05, 0.7), (1.0, 0.55, 0.1, 1.0)
_OPAQUE = 1.0

_handles: list[Any] = []
_batches: dict[str, tuple[object, Any]] = {}
"""By the name of an overlay what its batch was made of, and the batch."""


def register() -> None:
    settings.on_mask_switched.append(mask.forget)
    space = bpy.types.SpaceView3D
    for draw, when in ((_draw_in_space, "POST_VIEW"), (_draw_on_screen, "POST_PIXEL")):
        _handles.append(space.draw_handler_add(draw, (), "WINDOW", when))


def unregister() -> None:
    settings.on_mask_switched.clear()
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")
    _batches.clear()


def _draw_in_space() -> None:
    _guarded(_in_space)


def _draw_on_screen() -> None:
    _guarded(_on_screen)


def _guarded(draw: Callable[[bpy.types.Context, Any], None]) -> None:
    context = bpy.context
    if not context.space_data.overlay.show_overlays or not inspection.is_open(context.scene):
        return
    try:
        draw(context, settings.shown())
    except Exception as bug:
        # It would come again with each drawing: said once, and not drawn any more.
        traceback.print_exc()
        messages.problem = f"Defectory cannot draw its overlays ({type(bug).__name__}: {bug})"
        # Not while Blender draws, when its data are not to be written.
        if not bpy.app.timers.is_registered(settings.hide_all):
            bpy.app.timers.register(settings.hide_all, first_interval=0.0)


def _in_space(context: bpy.types.Context, shown: Any) -> None:
    import gpu

    opened = inspection.current
    assert opened is not None
    scene, part = context.scene, inspection.part_of(context.scene)
    gpu.state.depth_test_set("LESS_EQUAL")
    gpu.state.blend_set("ALPHA")
    try:
        judged = coverage.current(scene) if shown.coverage else None
        if part is not None and judged is not None:
            gpu.state.depth_mask_set(True)
            corners, colours = judged.corners_mm.reshape(-1, 3) * MM, _shaded(judged)
            _on_part(context, part, "coverage", id(judged), lambda: (corners, colours, _OPAQUE))
            gpu.state.depth_mask_set(False)
        if part is not None and shown.classes:
            made_of = (part.data.session_uid, opened.document)
            _on_part(
                context,
                part,
                "classes",
                made_of,
                lambda: (*classes.corners_m(part, opened.table.manifest), classes.OPACITY),  # type: ignore[union-attr]
            )
        if shown.cameras:
            _draw_cameras(context, opened.table)
    finally:
        gpu.state.depth_mask_set(False)
        gpu.state.depth_test_set("NONE")
        gpu.state.blend_set("NONE")


def _shaded(judged: coverage.Judged) -> Any:
    """Colours of corners, a little darker where the surface turns away, so that the form can be seen."""
    corners = judged.corners_mm
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    shade = 0.82 + 0.18 * (normals @ np.array((0.3, -0.5, 0.81)))
    return np.repeat(judged.colours * shade[:, None], 3, axis=0)


def _on_part(
    context: bpy.types.Context, part: bpy.types.Object, name: str, made_of: object, make: Callable[[], Any]
) -> None:
    """Draw triangles given in the part's axes where the part is."""
    import gpu

    batch = _batch(name, made_of, "FLAT_COLOR", "TRIS", make)
    if batch is None:
        return
    region = context.region_data
    if region.is_perspective:
        nearer = Matrix.Scale(1 - _NEARER, 4)
    else:
        nearer = Matrix.Translation((0, 0, _NEARER * part.dimensions.length))
    with gpu.matrix.push_pop():
        gpu.matrix.load_matrix(nearer @ region.view_matrix @ part.matrix_world)
        batch.draw(gpu.shader.from_builtin("FLAT_COLOR"))


def _batch(name: str, made_of: object, shader: str, kind: str, make: Callable[[], Any]) -> Any:
    import gpu
    from gpu_extras.batch import batch_for_shader

    known = _batches.get(name)
    if known is not None and known[0] == made_of:
        return known[1]
    corners, colours, opacity = make()
    batch = None
    if len(corners):
        rgba = np.column_stack([colours, np.full(len(colours), opacity)]).astype(np.float32)
        content = {"pos": np.ascontiguousarray(corners, dtype=np.float32), "color": rgba}
        batch = batch_for_shader(gpu.shader.from_builtin(shader), kind, content)
    _batches[name] = (made_of, batch)
    return batch


def _draw_cameras(context: bpy.types.Context, table: sampling.Table) -> None:
    import gpu

    manifest = table.manifest
    view = sampling.locate_frame(manifest, clamp_frame(table, context.scene.frame_current)).view
    # Whoever looks through a camera sees no lines of its own.
    hidden = view if context.region_data.view_perspective == "CAMERA" else -1

    def make() -> Any:
        lines = cameras.lines_mm(table.viewpoints, manifest.camera) * MM
        colours = np.tile(np.array(_LINE), (*lines.shape[:2], 1))
        colours[view] = _SHOWN_LINE
        keep = np.arange(len(lines)) != hidden
        return lines[keep].reshape(-1, 3), colours[keep, :, :3].reshape(-1, 3), _OPAQUE

    batch = _batch("cameras", (id(table), view, hidden), "FLAT_COLOR", "LINES", make)
    if batch is not None:
        gpu.state.line_width_set(1.5)
        batch.draw(gpu.shader.from_builtin("FLAT_COLOR"))
        gpu.state.line_width_set(1.0)


def _on_screen(context: bpy.types.Context, shown: Any) -> None:
    if not shown.mask or context.region_data.view_perspective != "CAMERA":
        return
    import gpu

    pixels, frame = mask.colours(context.scene), camera_frame(context)
    if pixels is None or frame is None:
        return
    (left, low), _, (right, high), _ = frame

    def make() -> Any:
        corners, colours = mask.rectangles(pixels)
        return corners, colours[:, :3], mask.OPACITY

    # Not as a texture, whose colours Blender 4.3 takes for linear light and 5.2 does not.
    batch = _batch("mask", mask.key(context.scene), "FLAT_COLOR", "TRIS", make)
    if batch is None:
        return
    gpu.state.blend_set("ALPHA")
    with gpu.matrix.push_pop():
        gpu.matrix.translate((left, low))
        gpu.matrix.scale((right - left, high - low))
        batch.draw(gpu.shader.from_builtin("FLAT_COLOR"))
    gpu.state.blend_set("NONE")


def camera_frame(context: bpy.types.Context) -> list[tuple[float, float]] | None:
    """What the camera sees, as corners in the region: lower left, lower right, upper right, upper left."""
    from bpy_extras.view3d_utils import location_3d_to_region_2d

    camera = context.scene.camera
    if camera is None:
        return None
    frame = camera.data.view_frame(scene=context.scene)
    placed = [
        location_3d_to_region_2d(context.region, context.region_data, camera.matrix_world @ Vector(c)) for c in frame
    ]
    if any(place is None for place in placed):
        return None
    xs, ys = [p.x for p in placed], [p.y for p in placed]
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    return [(left, low), (right, low), (right, high), (left, high)]
