"""Brushed metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple
from .patterns import STEP, Pattern, metal, unit
from .sockets import group_of


def brushed(surface: schema.Brushed) -> bpy.types.NodeTree:
    """Two layers of noise, drawn out along two directions that differ a little, so that scratches cross."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    aside = p.normal.cross(unit(surface.direction)).normalized()
    ahead = aside.cross(p.normal)
    lean = aside.scaled((p["spread_deg"] * 0.0174532925).of("TANGENT"))
    directions = [(ahead + lean).normalized(), (ahead - lean).normalized()]
    # Four octaves, the third of which is as wide as the scratches are said to be.
    coarse = p["width_mm"] * 4.0

    def height_mm(place: Triple) -> Number:
        total = None
        for number, direction in enumerate(directions):
            along = place.dot(direction)
            drawn = (place - direction.scaled(along)).over(coarse) + direction.scaled(along / p["length_mm"])
            layer = p.noise(drawn.of("ADD", (31.7 * number, 0.0, 0.0)), detail=3.0, roughness=0.6)
            total = layer if total is None else total + layer
        return p["depth_mm"] * total

    normal = p.tilted(height_mm, p["width_mm"] * STEP)
    metal(p, result, normal, Anisotropic=p["anisotropy"], Tangent=p.to_world(aside))
    return tree
