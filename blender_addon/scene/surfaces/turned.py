"""Turned metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple, triple
from .patterns import STEP, Pattern, beside, cross, cusps, metal, unit
from .sockets import group_of

_FACING = 0.6
"""Cosine to the axis above which a face is turned across the axis and not along it; bevels of 45 degrees are faces."""


def turned(surface: schema.Turned) -> bpy.types.NodeTree:
    """One groove round the axis, whose beds are as round as the tool's nose."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    axis = unit(surface.axis)
    first = beside(axis, (1.0, 0.0, 0.0) if abs(axis[0]) < 0.9 else (0.0, 1.0, 0.0))
    second = cross(axis, first)
    feed_mm, uneven = p["feed_mm"], p["irregularity"]
    center = Triple(tree, given["Center (mm)"])
    facing = p.normal.dot(axis).of("ABSOLUTE").of("GREATER_THAN", _FACING)

    def outward(place: Triple) -> tuple[Number, Triple]:
        along = (place - center).dot(axis)
        return along, (place - center) - along.times(axis)

    def height_mm(place: Triple) -> Number:
        along, radius = outward(place)
        travel = (along + facing * (radius.length() - along)) / feed_mm
        direction = radius.normalized()
        x, y = direction.dot(first), direction.dot(second)
        turns = y.of("ARCTAN2", x) / 6.283185307
        slow = p.noise(triple(travel * 0.15, 0.0, 0.0, tree), detail=1.0) - 0.5
        # Scratches inside the groove run along it, a third of a turn long.
        fine = p.noise(triple(travel * 2.5, x, y, tree), detail=2.0) - 0.5
        groove = cusps(travel + turns + p.texture + uneven * slow * 3.0)
        return p["depth_mm"] * (groove * (1.0 + uneven * slow * 3.0) + uneven * fine * 2.0)

    across = facing.times(outward(p.place)[1].normalized()) + (1.0 - facing).times(axis)
    normal = p.tilted(height_mm, feed_mm * STEP)
    metal(p, result, normal, Anisotropic=p["anisotropy"], Tangent=p.to_world(across))
    return tree
