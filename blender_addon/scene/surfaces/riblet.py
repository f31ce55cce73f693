"""Riblet foil."""

from __future__ import annotations

import bpy

from ...contract import schema
from .algebra import Number, Triple
from .patterns import STEP, Pattern, metal, unit
from .sockets import group_of


def riblet(surface: schema.Riblet) -> bpy.types.NodeTree:
    """Ridges with straight flanks, a quarter of the pitch wide each, and flat valleys as wide as a ridge."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    pitch, uneven = p["pitch_mm"], p["irregularity"]
    aside = p.normal.cross(unit(surface.direction)).normalized()
    ahead = aside.cross(p.normal)

    def height_mm(place: Triple) -> Number:
        across, along = place.dot(aside) / pitch, place.dot(ahead) / pitch
        # Ridges meander together over tens of pitches, and each has a height of its own that changes along it.
        drawn = aside.scaled(across * 0.12) + ahead.scaled(along * 0.02)
        meander = p.noise(drawn, detail=1.0) - 0.5
        own = p.noise(aside.scaled(across * 0.9) + ahead.scaled(along * 0.06), detail=1.0) - 0.5
        phase = (across + p.texture + uneven * meander * 3.0).fraction()
        ridge = ((phase * 2.0 - 1.0).of("ABSOLUTE") * 2.0 - 1.0).of("MAXIMUM", 0.0)
        return p["height_mm"] * ridge * (1.0 + uneven * own * 2.0)

    normal = p.tilted(height_mm, pitch * STEP)
    metal(p, result, normal, Coat_Weight=p["clear"], Coat_Normal=normal, Coat_Roughness=0.1)
    return tree
