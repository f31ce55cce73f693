"""Impurities on surfaces, a module each; what shades them is the very function that makes their mask."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import sampling, schema
from ...geometry.impurities.instances import rank
from ..surfaces.sockets import bind_inputs
from . import dust, fingerprints, water_stains
from .coat import Coat

_SHIFT = 137.31
"""Added to the draw of a texture for each entry of the same kind that stands before."""

_TEXTURES: dict[type, Any] = {schema.Dust: dust, schema.WaterStain: water_stains, schema.Fingerprint: fingerprints}
"""Of those that are textures, the module that makes a group and lays it on a surface; stickers are things."""


def lay_impurities(
    material: bpy.types.Material, table: sampling.Table, shader: Any, twin: schema.Twin | None = None
) -> tuple[Any, list[Any]]:
    """Lay the impurities of a manifest over a surface, the later ones over the earlier; none that a twin lacks.

    Returns:
        The shader socket of the whole, and for each impurity the socket of its mask (0 or 1), None for what is no
        texture or absent.
    """
    tree, masks = material.node_tree, []
    coat = Coat(tree, shader.node)
    for number, entry in enumerate(table.manifest.impurities):
        if type(entry) not in _TEXTURES or (twin is not None and twin.lacks("impurities", entry.label)):
            masks.append(None)
            continue
        module, path, before = _TEXTURES[type(entry)], f"impurities[{number}]", rank(table.manifest, number)
        node = tree.nodes.new("ShaderNodeGroup")
        node.node_tree = module.make_group(entry, before)
        bind_inputs(node, entry, table, path, _SHIFT * before)
        module.lay(coat, node, table, path)
        masks.append(node.outputs["Mask"])
    return coat.shader, masks
