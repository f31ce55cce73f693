"""Moulded plastic."""

from __future__ import annotations

import bpy

from ...contract import schema
from ..nodes import feed
from .algebra import Number, Triple
from .engraving import LETTER_STEP, engraved
from .patterns import STEP, Pattern
from .sockets import group_of


def polymer(surface: schema.Polymer) -> bpy.types.NodeTree:
    """Orange peel: waves of one size, without finer ones on them; and the text that the mould leaves."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    size, height = p["relief_scale_mm"], p["relief_height_mm"]
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    feed(tree, shader.inputs["Base Color"], p["color"].socket)
    feed(tree, shader.inputs["Roughness"], p["roughness"].socket)
    feed(tree, shader.inputs["Specular IOR Level"], p["specular"].socket)

    def peel(place: Triple) -> Number:
        return height * p.noise(place.over(size), detail=1.0, roughness=0.3)

    if surface.engraving is None:
        normal = p.tilted(peel, size * STEP)
    else:
        text = engraved(p, surface.engraving)
        normal = p.tilted(lambda place: peel(place) + text(place), surface.engraving.height_mm * LETTER_STEP)
    feed(tree, shader.inputs["Normal"], normal)
    feed(tree, result["Shader"], shader.outputs["BSDF"])
    return tree
