"""The material of stickers."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import sampling, schema
from ..drivers import bind, bind_vector
from ..nodes import feed

INK_ATTRIBUTE = "ink"


def sticker_entries(manifest: schema.Manifest) -> tuple[int, ...]:
    """Which of a manifest's impurities are stickers; each has a material of its own, after those of the surfaces."""
    return tuple(i for i, entry in enumerate(manifest.impurities) if isinstance(entry, schema.Sticker))


def make_sticker(table: sampling.Table, path: str) -> tuple[bpy.types.Material, Any]:
    """Material of the stickers at a path of the manifest, and its shader socket, which is not linked yet."""
    material = bpy.data.materials.new("Sticker")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    tree.nodes.new("ShaderNodeOutputMaterial")
    printed = tree.nodes.new("ShaderNodeAttribute")
    printed.attribute_type, printed.attribute_name = "GEOMETRY", INK_ATTRIBUTE
    color = tree.nodes.new("ShaderNodeMix")
    color.data_type = "RGBA"
    feed(tree, color.inputs[0], printed.outputs["Fac"])
    bind_vector(color.inputs[6], "default_value", table, f"{path}.color")
    bind_vector(color.inputs[7], "default_value", table, f"{path}.ink")
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    feed(tree, shader.inputs["Base Color"], color.outputs[2])
    bind(shader.inputs["Roughness"], "default_value", table, f"{path}.roughness")
    return material, shader.outputs["BSDF"]
