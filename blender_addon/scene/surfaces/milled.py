"""Face-milled metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple, triple
from .patterns import STEP, Pattern, beside, cross, cusps, metal, unit
from .sockets import group_of

_BACK = 0.3
"""Depth of the arcs that the rear edge of the cutter leaves over those of its front."""


def milled(surface: schema.Milled) -> bpy.types.NodeTree:
    """Arcs of the cutter's radius, in rows that are cut to and fro."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    axis = unit(surface.axis)
    ahead = beside(axis, surface.direction)
    aside = cross(axis, ahead)
    feed_mm, uneven, radius = p["feed_mm"], p["irregularity"], p["cutter_diameter_mm"] * 0.5

    def row(place: Triple) -> tuple[Number, Number, Number, Number]:
        """Its number, the way it was cut, and in mm how far from its middle a point is, and how far the arc leads."""
        rows = place.dot(aside) / p["step_over_mm"] + p.texture.fraction() * 100.0
        number = rows.of("FLOOR")
        way = 1.0 - number.of("FLOORED_MODULO", 2.0) * 2.0
        off = (rows - number - 0.5) * p["step_over_mm"]
        return number, way, off, (radius * radius - off * off).of("MAXIMUM", 0.0).of("SQRT")

    def height_mm(place: Triple) -> Number:
        number, way, off, lead = row(place)
        travel = place.dot(ahead) * way
        # No two rows start at the same tooth.
        start = (number * 0.618034 + p.texture * 0.7548777).fraction() * 8.0
        slow = p.noise(triple((travel - lead) / feed_mm * 0.3, number * 5.3, 0.0, tree), detail=1.0) - 0.5
        fine = p.noise(triple((travel - lead) / feed_mm * 2.5, number * 5.3, off / feed_mm * 0.05, tree), 2.0) - 0.5
        front = cusps((travel - lead) / feed_mm + start + uneven * slow * 1.5)
        back = cusps((travel + lead) / feed_mm + start)
        depth = front * (1.0 + uneven * slow * 3.0) + back * _BACK + uneven * fine * 2.0
        return p["depth_mm"] * depth

    _, way, off, lead = row(p.place)
    across = (way * lead).times(ahead) + off.times(aside)
    normal = p.tilted(height_mm, feed_mm * STEP)
    metal(p, result, normal, Anisotropic=p["anisotropy"], Tangent=p.to_world(across))
    return tree
