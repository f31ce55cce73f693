"""Sand-cast metal."""

from __future__ import annotations

import bpy

from ...contract import schema
from ..nodes import feed, vector
from .algebra import Number, Triple
from .patterns import STEP, Pattern, metal
from .sockets import group_of

_SMALLEST = 1 / 3  # smallest pit over largest
_DARK = 0.65
"""Share of the light that is lost at the bottom of a pit; a tilted normal alone casts no shadow."""


def cast(surface: schema.Cast) -> bpy.types.NodeTree:
    """Coarse noise, and pits where the surface cuts balls that lie scattered in space, as dust does."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    grain, diameter = p["grain_mm"], p["pit_diameter_mm"]
    rate = (p["pits_per_cm2"] * 0.01).of("MAXIMUM", 1e-9)
    cell = (diameter * ((1 + _SMALLEST) / 2) / rate).of("POWER", 1 / 3)

    def pit(place: Triple) -> tuple[Number, Number]:
        """How deep into a pit a point is, 0 to 1, and the pit's radius in mm."""
        node = p.cells(place.over(cell))
        share = Triple(tree, node.outputs["Color"]).dot((1.0, 0.0, 0.0))
        radius = diameter * 0.5 * (share * (1 - _SMALLEST) + _SMALLEST)
        off = Number(tree, node.outputs["Distance"]) * cell / radius
        inside = (1.0 - off * off).of("MAXIMUM", 0.0)
        return inside.of("POWER", 1.5), radius

    def height_mm(place: Triple) -> Number:
        depth, radius = pit(place)
        return p["grain_height_mm"] * p.noise(place.over(grain), detail=3.0, roughness=0.6) - depth * radius * 0.7

    light = 1.0 - pit(p.place)[0] * _DARK
    normal = p.tilted(height_mm, grain * STEP)
    color = vector(tree, "SCALE", given["Color"], Scale=light.socket)
    shader = metal(p, result, normal)
    feed(tree, shader.inputs["Base Color"], color)
    return tree
