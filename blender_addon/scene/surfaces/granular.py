"""Granular steel."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple
from .patterns import STEP, Pattern, metal
from .sockets import group_of

_SEAM = 0.12
"""Width of a seam's flank over the size of the grains."""
_WARP = 0.35
"""How far the outlines of grains stray from straight lines, over their size."""


def granular(surface: schema.Granular) -> bpy.types.NodeTree:
    """Voronoi cells with winding outlines, each of them a plane of its own."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    grain = p["grain_mm"]
    steepest = (p["tilt_deg"] * 0.0174532925).of("TANGENT")

    def bent(place: Triple) -> Triple:
        straight = place.over(grain)
        return straight + (p.swirl(straight.scaled(1.7)) - (0.5, 0.5, 0.5)).scaled(2 * _WARP)

    def height_mm(place: Triple) -> Number:
        edge = Number(tree, p.cells(bent(place), "DISTANCE_TO_EDGE").outputs["Distance"])
        return (edge / _SEAM).of("MINIMUM", 1.0) * p["seam_depth_mm"]

    own = Triple(tree, p.cells(bent(p.place)).outputs["Color"])
    lean = (own - (0.5, 0.5, 0.5)).scaled(steepest * 2.0)
    metal(p, result, p.tilted(height_mm, grain * STEP, lean))
    return tree
