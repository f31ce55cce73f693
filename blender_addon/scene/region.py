"""The rectangle of the image that a frame's part falls into, and rendering that alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np

from ..contract import fields
from . import MM
from .build import InspectionScene
from .surfaces import surface_paths

_WITHIN = 0.25


@dataclass(frozen=True)
class Region:
    """Pixels of an image from ``left`` up to, not including, ``right``, and from ``top`` down to ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int


def restrict(scene: bpy.types.Scene, region: Region, *, cut: bool = False) -> None:
    """Render a region of the image alone; the rest stays transparent or, where ``cut``, is left out."""
    render = scene.render
    width, height = render.resolution_x, render.resolution_y
    render.use_border, render.use_crop_to_border = True, cut
    # Blender cuts off what is behind the point of a pixel, which 32 bits may have made one less.
    render.border_min_x, render.border_max_x = (region.left + _WITHIN) / width, (region.right + _WITHIN) / width
    # Blender counts from the bottom.
    below, above = height - region.bottom, height - region.top
    render.border_min_y, render.border_max_y = (below + _WITHIN) / height, (above + _WITHIN) / height


def part_region(inspection: InspectionScene, margin_px: int) -> Region:
    """The region that the part covers in the frame that is shown.

    Blur out of focus and relief that moves the surface count as part. Where a vertex is behind the camera, or none in
    the image, it is the whole image: what is wrong there is said of images.

    Args:
        inspection: the scene.
        margin_px: pixels that are added on each side.
    """
    scene, camera, part = inspection.scene, inspection.scene.camera, inspection.part
    width, height = scene.render.resolution_x, scene.render.resolution_y
    whole = Region(0, 0, width, height)
    graph = bpy.context.evaluated_depsgraph_get()
    seen = camera.evaluated_get(graph)
    to_camera = np.array(seen.matrix_world.normalized().inverted() @ part.evaluated_get(graph).matrix_world)
    points = np.empty(3 * len(part.data.vertices), dtype=np.float32)
    part.data.vertices.foreach_get("co", points)
    points = points.reshape(-1, 3) @ to_camera[:3, :3].T + to_camera[:3, 3]
    depth = -points[:, 2]
    if not len(depth) or depth.min() <= seen.data.clip_start:
        return whole
    lens = seen.data
    # Across one unit at unit distance lie so many pixels; shift counts in widths, as the sensor fits across.
    scale = lens.lens / lens.sensor_width * width
    across = width / 2 + scale * points[:, 0] / depth - lens.shift_x * width
    down = height / 2 - scale * points[:, 1] / depth + lens.shift_y * width
    blur = scale * _relief_mm(inspection) * MM / depth
    if lens.dof.use_dof:
        aperture = lens.lens / 1000 / lens.dof.aperture_fstop
        blur = blur + scale * aperture / 2 * np.abs(1 / depth - 1 / lens.dof.focus_distance)
    blur = blur + margin_px
    left, right = math.floor((across - blur).min()), math.ceil((across + blur).max())
    top, bottom = math.floor((down - blur).min()), math.ceil((down + blur).max())
    left, right, top, bottom = max(0, left), min(width, right), max(0, top), min(height, bottom)
    return Region(left, top, right, bottom) if left < right and top < bottom else whole


def _relief_mm(inspection: InspectionScene) -> float:
    """How far the part's materials may move its surface in the frame that is shown."""
    table, frame = inspection.table, inspection.scene.frame_current
    heights = [0.0]
    for path in surface_paths(table.manifest):
        owner, name, index = fields.locate(table.manifest, path)
        surface = getattr(owner, name) if index is None else getattr(owner, name)[index]
        if getattr(surface, "relief", "none") == "displacement":
            heights.append(table.field(f"{path}.relief_height_mm", frame))
    return max(heights)
