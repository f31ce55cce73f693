"""Sand-blasted metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple
from .patterns import STEP, Pattern, metal
from .sockets import group_of


def blasted(surface: schema.Blasted) -> bpy.types.NodeTree:
    """Craters over craters: two layers of round bowls at the points of Voronoi cells."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    size = p["crater_diameter_mm"]

    def height_mm(place: Triple) -> Number:
        small, large = (Number(tree, p.cells(place.over(size * scale)).outputs["Distance"]) for scale in (0.8, 1.3))
        return p["crater_depth_mm"] * (small * small + large * large * 1.5)

    metal(p, result, p.tilted(height_mm, size * STEP))
    return tree
