"""What is drawn over the 3D view: the photograph in the camera's frame, the matched points, the diagrams."""

from __future__ import annotations

import traceback
from typing import Any

import blf
import bpy
import gpu
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from gpu_extras.batch import batch_for_shader
from mathutils import Vector

from ...blender_versions import light_shader
from ...contract import encoding, schema
from ...scene import MM
from .. import inspection, messages
from ..messages import guarded, redraw
from ..overlays.drawing import camera_frame
from ..properties import of
from . import comparison, matching, picture
from .likeness import Likeness

_PHOTOGRAPH, _RENDER = (1.0, 0.62, 0.1, 1.0), (0.35, 0.75, 1.0, 1.0)
_LINE, _PAPER, _INK = (1.0, 1.0, 1.0, 0.8), (0.08, 0.08, 0.08, 0.95), (0.9, 0.9, 0.9, 1.0)
_DIAGRAM_PX = (300, 130)
_MARGIN_PX = 14
_RAISED_PX = 40
"""Room for Blender's panel of the last operation."""
_TEXT_PX = 12

picking: str = ""
"""What a person is being asked for: ``part`` or ``photograph``; empty: nothing. It has the view to itself."""
handles: list[Any] = []
_texture: tuple[picture.Picture, Any] | None = None


def register() -> None:
    """Have Blender draw it from now on."""
    handles.append(bpy.types.SpaceView3D.draw_handler_add(_guarded_draw, (), "WINDOW", "POST_PIXEL"))


def unregister() -> None:
    """Have nothing drawn any more."""
    global _texture
    while handles:
        bpy.types.SpaceView3D.draw_handler_remove(handles.pop(), "WINDOW")
    _texture = None


def frame_in_region(context: bpy.types.Context) -> tuple[Vector, Vector] | None:
    """Left bottom and right top corner of the camera's frame in the view's region, px; None where it is not seen."""
    view = context.region_data
    corners = camera_frame(context) if view is not None and view.view_perspective == "CAMERA" else None
    return None if corners is None else (Vector(corners[0]), Vector(corners[2]))


def _guarded_draw() -> None:
    try:
        _draw()
    except Exception as bug:
        # It would come again with each drawing: said once, and not drawn any more.
        traceback.print_exc()
        messages.problem = f"Defectory cannot draw the photograph ({type(bug).__name__}: {bug})"
        bpy.app.timers.register(unregister, first_interval=0.0)


def _draw() -> None:
    context = bpy.context
    scene = context.scene
    if not inspection.is_open(scene) or not of(scene).photograph.file:
        return
    group = of(scene).photograph
    photograph = picture.held if picture.held is not None and picture.held.path == group.file else None
    if photograph is None:
        # After a file was opened: reading images is not for a time when Blender draws.
        if not bpy.app.timers.is_registered(_read) and not messages.problem:
            bpy.app.timers.register(_read, first_interval=0.0)
        return
    gpu.state.blend_set("ALPHA")
    try:
        frame = frame_in_region(context)
        if frame is not None and picking != "part":
            alone = picking == "photograph"
            _draw_photograph(photograph, frame, 1.0 if alone else group.blend, 0.0 if alone else group.wipe)
        _draw_points(context, group, photograph, frame)
        if comparison.held is not None and not picking:
            _draw_diagrams(comparison.held, group.row, frame)
    finally:
        gpu.state.blend_set("NONE")


def _read() -> None:
    scene = bpy.context.scene
    if inspection.is_open(scene) and of(scene).photograph.file:
        guarded(lambda: picture.read(of(scene).photograph.file))
        redraw()


def _draw_photograph(photograph: picture.Picture, frame: tuple[Vector, Vector], blend: float, wipe: float) -> None:
    (left, bottom), (right, top) = frame
    start = left + wipe * (right - left)
    corners = ((start, bottom), (right, bottom), (right, top), (start, top))
    shader = light_shader()
    shader.uniform_sampler("image", _texture_of(photograph))
    shader.uniform_float("color", (1.0, 1.0, 1.0, blend))
    places = {"pos": corners, "texCoord": ((wipe, 0), (1, 0), (1, 1), (wipe, 1))}
    batch_for_shader(shader, "TRI_FAN", places).draw(shader)
    if 0 < wipe < 1:
        _lines([(start, bottom), (start, top)], _LINE)


def _texture_of(photograph: picture.Picture) -> Any:
    """Its pixel values as light; Blender's own textures of images differ with the kind of file."""
    global _texture
    if _texture is None or _texture[0] is not photograph:
        height, width = photograph.values.shape[:2]
        values = np.ones((height, width, 4), dtype=np.float32)
        values[..., :3] = encoding.decode(photograph.values[::-1], schema.Output())
        data = gpu.types.Buffer("FLOAT", values.size, values.ravel())
        _texture = (photograph, gpu.types.GPUTexture((width, height), format="RGBA16F", data=data))
    return _texture[1]


def _draw_points(
    context: bpy.types.Context, group: Any, photograph: picture.Picture, frame: tuple[Vector, Vector] | None
) -> None:
    part = inspection.part_of(context.scene)
    if part is None or not group.points:
        return
    there = matching.in_scene(part, np.array([point.point_mm[:] for point in group.points])) * MM
    for number, (point, place) in enumerate(zip(group.points, there), start=1):
        seen = location_3d_to_region_2d(context.region, context.region_data, Vector(place))
        if seen is not None and picking != "photograph":
            _ring(seen, _RENDER)
            _text(f"{number}", seen + Vector((8, 5)), _RENDER)
        if frame is None or picking == "part":
            continue
        (left, bottom), (right, top) = frame
        across, down = (pixel / size for pixel, size in zip(point.pixel_px, photograph.size_px))
        marked = Vector((left + across * (right - left), top - down * (top - bottom)))
        _cross(marked, _PHOTOGRAPH)
        _text(f"{number}", marked + Vector((8, -15)), _PHOTOGRAPH)
        if seen is not None and not picking:
            _lines([tuple(seen), tuple(marked)], _PHOTOGRAPH)


def _draw_diagrams(likeness: Likeness, row: float, frame: tuple[Vector, Vector] | None) -> None:
    scale = bpy.context.preferences.system.ui_scale
    width, height = (side * scale for side in _DIAGRAM_PX)
    gap, raised = _MARGIN_PX * scale, _RAISED_PX * scale
    photograph, render = likeness.histograms
    most = max(float(photograph.max()), float(render.max())) or 1.0
    curves = ((photograph / most, _PHOTOGRAPH), (render / most, _RENDER))
    title = f"Histogram of the part: {likeness.overlap:.0%} in common"
    _diagram(Vector((gap, raised)), width, height, title, curves, ("black", "white"))
    photograph, render = likeness.row(row)
    title = f"Grey values along the row: RMS difference {likeness.row_difference(row):.3f}"
    place = Vector((2 * gap + width, raised))
    _diagram(place, width, height, title, ((photograph, _PHOTOGRAPH), (render, _RENDER)), ("left", "right"))
    if frame is not None:
        (left, bottom), (right, top) = frame
        level = top - row * (top - bottom)
        _lines([(left, level), (right, level)], _LINE)


def _diagram(corner: Vector, width: float, height: float, title: str, curves: Any, ends: tuple[str, str]) -> None:
    """A diagram of curves, each of values from 0 to 1, with a title and the meaning of both ends of its axis."""
    scale = bpy.context.preferences.system.ui_scale
    line = 1.5 * _TEXT_PX * scale
    x, y = corner
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", _PAPER)
    paper = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    batch_for_shader(shader, "TRI_FAN", {"pos": paper}).draw(shader)
    low, high = y + line + 2, y + height - line - 2
    for values, color in curves:
        across = np.linspace(x + 6, x + width - 6, len(values))
        _lines(list(zip(across.tolist(), (low + (high - low) * np.clip(values, 0, 1)).tolist())), color)
    _lines([(x + 6, low), (x + width - 6, low)], _INK)
    _text(title, Vector((x + 6, y + height - line + 4)), _INK)
    _text(ends[0], Vector((x + 6, y + 5)), _INK)
    _text(ends[1], Vector((x + width - 38 * scale, y + 5)), _INK)
    _text("photograph", Vector((x + width * 0.28, y + 5)), _PHOTOGRAPH)
    _text("render", Vector((x + width * 0.58, y + 5)), _RENDER)


def _ring(at: Vector, color: Any) -> None:
    angles = np.linspace(0, 2 * np.pi, 17)
    _lines([(at.x + 6 * np.cos(angle), at.y + 6 * np.sin(angle)) for angle in angles], color)


def _cross(at: Vector, color: Any) -> None:
    for one in ((7, 7), (7, -7)):
        _lines([tuple(at - Vector(one)), tuple(at + Vector(one))], color)


def _lines(places: Any, color: Any) -> None:
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", 1.5)
    shader.uniform_float("color", color)
    batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in places]}).draw(shader)


def _text(text: str, at: Vector, color: Any) -> None:
    blf.size(0, _TEXT_PX * bpy.context.preferences.system.ui_scale)
    blf.color(0, *color)
    blf.position(0, at.x, at.y, 0)
    blf.draw(0, text)
