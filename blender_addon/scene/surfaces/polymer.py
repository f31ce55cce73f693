"""Moulded plastic."""

from __future__ import annotations

import bpy

from ...contract import schema
from ..nodes import feed
from .patterns import STEP, Pattern
from .sockets import group_of


def polymer(surface: schema.Polymer) -> bpy.types.NodeTree:
    """Orange peel: waves of one size, without finer ones on them."""
    tree, given, result = group_of(surface)
    p = Pattern(tree, given)
    size, height = p["relief_scale_mm"], p["relief_height_mm"]
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    feed(tree, shader.inputs["Base Color"], p["color"].socket)
    feed(tree, shader.inputs["Roughness"], p["roughness"].socket)
    feed(tree, shader.inputs["Specular IOR Level"], p["specular"].socket)
    normal = p.tilted(lambda place: height * p.noise(place.over(size), detail=1.0, roughness=0.3), size * STEP)
    feed(tree, shader.inputs["Normal"], normal)
    feed(tree, result["Shader"], shader.outputs["BSDF"])
    return tree
