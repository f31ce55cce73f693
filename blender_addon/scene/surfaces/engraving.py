"""Text in a surface: the outlines of Blender's own font as a picture of depths, laid on the part along a direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...contract import schema
from ...geometry.outlines import Floats, signed_distance
from ..nodes import feed
from .algebra import Number, Triple, triple
from .patterns import Pattern, beside, cross, unit

_PIXELS = 48  # to the height of a capital letter
_WALL = 0.07  # width of the letters' slanting walls, over the same height
LETTER_STEP = 0.02
"""Over which share of its height the slope of a letter is measured: less than its walls are wide."""
_FACES = 0.7  # least cosine between the text's normal and that of a face which bears it


@dataclass(frozen=True)
class Lettering:
    """A picture of a text: 1 in its letters, 0 outside, between them the slant of their walls.

    Attributes:
        pixels: (rows, columns), from the bottom up, as Blender stores pictures.
        size_mm: width and height of the picture.
    """

    pixels: Floats
    size_mm: tuple[float, float]


def letter(text: str, height_mm: float) -> Lettering:
    """Draw a text with capital letters of a height; it may be of nothing but blanks."""
    capital = _outline("H")
    scale = height_mm / float(np.ptp(capital[..., 1]))
    segments = _outline(text) * scale
    wall, pixel = _WALL * height_mm, height_mm / _PIXELS
    if not len(segments):
        return Lettering(np.zeros((4, 4)), (height_mm, height_mm))
    low, high = segments.reshape(-1, 2).min(axis=0) - 2 * wall, segments.reshape(-1, 2).max(axis=0) + 2 * wall
    columns, rows = np.ceil((high - low) / pixel).astype(int)
    x, y = np.meshgrid(low[0] + (np.arange(columns) + 0.5) * pixel, low[1] + (np.arange(rows) + 0.5) * pixel)
    distance = signed_distance(segments, np.column_stack([x.ravel(), y.ravel()])).reshape(rows, columns)
    return Lettering(np.clip(0.5 - distance / wall, 0.0, 1.0), (columns * pixel, rows * pixel))


def engraved(p: Pattern, engraving: schema.Engraving) -> Callable[[Triple], Number]:
    """Height in mm, at most 0 (raised: at least), that an engraving gives a point of the part."""
    lettering = letter(engraving.text, engraving.height_mm)
    picture = _picture(engraving.text, lettering.pixels)
    normal = unit(engraving.normal)
    right = beside(normal, engraving.direction)
    axes = right, cross(normal, right)
    bears = p.normal.dot(normal).of("GREATER_THAN", _FACES)

    def height_mm(place: Triple) -> Number:
        offset = place - engraving.position_mm
        shares = []
        for axis, size, spacing in zip(axes, lettering.size_mm, engraving.spacing_mm or (None, None)):
            at = offset.dot(axis)
            if spacing is not None:
                at = ((at / spacing + 0.5).fraction() - 0.5) * spacing
            shares.append(at / size + 0.5)
        node = p.tree.nodes.new("ShaderNodeTexImage")
        node.image, node.interpolation, node.extension = picture, "Cubic", "CLIP"
        feed(p.tree, node.inputs["Vector"], triple(*shares, 0.0, p.tree).socket)
        return Number(p.tree, node.outputs["Color"]) * bears * -engraving.depth_mm

    return height_mm


def _picture(text: str, pixels: Floats) -> Any:
    """The pixels as a picture that is kept in the file."""
    rows, columns = pixels.shape
    picture = bpy.data.images.new(f"Engraving {text}"[:60], columns, rows, float_buffer=True, is_data=True)
    rgba = np.ones((rows, columns, 4), dtype=np.float32)
    rgba[..., :3] = pixels[..., None]
    picture.pixels.foreach_set(rgba.ravel())
    picture.update()
    picture.pack()
    return picture


def _outline(text: str) -> Floats:
    """(k, 2, 2) straight pieces of the outlines of a text in Blender's own font; its size is arbitrary."""
    curve = bpy.data.curves.new("Outline", "FONT")
    curve.body, curve.align_x, curve.dimensions, curve.fill_mode = text, "CENTER", "2D", "BOTH"
    curve.resolution_u = 6
    shape = bpy.data.objects.new("Outline", curve)
    try:
        mesh = shape.to_mesh()
        corners = np.zeros(3 * len(mesh.vertices))
        mesh.vertices.foreach_get("co", corners)
        ends = np.zeros(len(mesh.loops), dtype=np.int64)
        mesh.loops.foreach_get("edge_index", ends)
        rim = np.flatnonzero(np.bincount(ends, minlength=len(mesh.edges)) == 1)
        edges = np.zeros(2 * len(mesh.edges), dtype=np.int64)
        mesh.edges.foreach_get("vertices", edges)
        shape.to_mesh_clear()
    finally:
        bpy.data.objects.remove(shape)
        bpy.data.curves.remove(curve)
    outline: Floats = corners.reshape(-1, 3)[edges.reshape(-1, 2)[rim], :2]
    return outline
