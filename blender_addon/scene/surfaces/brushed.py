"""Brushed metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple
from .patterns import STEP, Pattern, beside, metal, unit
from .sockets import group_of

_HEAD_ON = 0.97  # cosine to the direction above which a face lies across it


def brushed(surface: schema.Brushed) -> bpy.types.NodeTree:
    """Two layers of noise, drawn out along two directions that differ a little, so that scratches cross."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    direction = unit(surface.direction)
    # On a face that looks along the direction no brush can run along it; there it runs across.
    head_on = p.normal.dot(direction).of("ABSOLUTE").of("GREATER_THAN", _HEAD_ON)
    least = min(range(3), key=lambda k: abs(direction[k]))
    across = beside(direction, (float(least == 0), float(least == 1), float(least == 2)))
    stroke = (1.0 - head_on).times(direction) + head_on.times(across)
    aside = p.normal.cross(stroke).normalized()
    ahead = aside.cross(p.normal)
    lean = aside.scaled((p["spread_deg"] * 0.0174532925).of("TANGENT"))
    directions = [(ahead + lean).normalized(), (ahead - lean).normalized()]
    # Four octaves, the third of which is as wide as the scratches are said to be.
    coarse = p["width_mm"] * 4.0

    def height_mm(place: Triple) -> Number:
        total = None
        for number, way in enumerate(directions):
            along = place.dot(way)
            drawn = (place - way.scaled(along)).over(coarse) + way.scaled(along / p["length_mm"])
            layer = p.noise(drawn.of("ADD", (31.7 * number, 0.0, 0.0)), detail=3.0, roughness=0.6)
            total = layer if total is None else total + layer
        return p["depth_mm"] * total

    normal = p.tilted(height_mm, p["width_mm"] * STEP)
    metal(p, result, normal, Anisotropic=p["anisotropy"], Tangent=p.to_world(aside))
    return tree
