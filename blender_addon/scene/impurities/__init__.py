"""Impurities as node groups, a module each: solid textures, whose mask is the very function that shades them."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import sampling, schema
from ..drivers import bind_vector
from ..surfaces.sockets import bind_inputs
from .coat import Coat
from .dust import dust
from .water_stains import water_stains

SHIFT = 137.31
"""Added to the draw of a texture for each entry of the same kind that stands before."""


def lay_impurities(
    material: bpy.types.Material, table: sampling.Table, shader: Any, twin: schema.Twin | None = None
) -> tuple[Any, list[Any]]:
    """Lay the impurities of a manifest over a surface, the later ones over the earlier; none that a twin lacks.

    Returns:
        The shader socket of the whole, and for each impurity the socket of its mask (0 or 1).
    """
    tree, masks = material.node_tree, []
    coat = Coat(tree, shader.node)
    entries = table.manifest.impurities
    for number, entry in enumerate(entries):
        if twin is not None and twin.lacks("impurities", entry.label):
            continue
        path = f"impurities[{number}]"
        node = tree.nodes.new("ShaderNodeGroup")
        if isinstance(entry, schema.Dust):
            node.node_tree = dust(entry)
            specks = tree.nodes.new("ShaderNodeBsdfDiffuse")
            bind_vector(specks.inputs["Color"], "default_value", table, f"{path}.color")
            coat.cover(node.outputs["Mask"], specks.outputs["BSDF"])
        else:
            node.node_tree = water_stains(entry)
            coat.change("Base Color", node.outputs["Change"])
        bind_inputs(node, entry, table, path, SHIFT * rank(entries, number))
        masks.append(node.outputs["Mask"])
    return coat.shader, masks


def rank(entries: tuple[schema.Impurity, ...], number: int) -> int:
    """How many entries of its kind stand before an entry."""
    return sum(type(entry) is type(entries[number]) for entry in entries[:number])
