"""Impurities: solid textures on the surface, whose mask is the very function that shades them."""

from __future__ import annotations

from typing import Any

import bpy

from ..contract import sampling
from . import MM
from .drivers import bind, bind_vector, drive
from .nodes import elsewhere, feed, group, math, vector

_SMALLEST = 1 / 3  # smallest diameter over largest
_MEAN = (1 + _SMALLEST) / 2


def lay_impurities(material: bpy.types.Material, table: sampling.Table, shader: Any) -> tuple[Any, list[Any]]:
    """Lay the impurities of a manifest over a surface.

    Returns:
        The shader socket of the whole, and for each impurity the socket of its mask (0 or 1).
    """
    tree, masks = material.node_tree, []
    for number, _ in enumerate(table.manifest.impurities):
        path = f"impurities[{number}]"
        dust = tree.nodes.new("ShaderNodeGroup")
        dust.node_tree = _dust()
        bind(dust.inputs["Density (1/cm2)"], "default_value", table, f"{path}.density_per_cm2")
        bind(dust.inputs["Diameter (mm)"], "default_value", table, f"{path}.diameter_mm")
        drive(dust.inputs["Texture"], "default_value", 'param("@texture", frame)')
        specks = tree.nodes.new("ShaderNodeBsdfDiffuse")
        bind_vector(specks.inputs["Color"], "default_value", table, f"{path}.color")
        mix = tree.nodes.new("ShaderNodeMixShader")
        feed(tree, mix.inputs[0], dust.outputs["Mask"])
        feed(tree, mix.inputs[1], shader)
        feed(tree, mix.inputs[2], specks.outputs["BSDF"])
        shader = mix.outputs[0]
        masks.append(dust.outputs["Mask"])
    return shader, masks


def _dust() -> bpy.types.NodeTree:
    """Balls at the cell points of a Voronoi texture; where the surface cuts a ball, there lies a speck.

    With cells of side s, a surface meets balls of mean diameter d at a rate of d / s3 for each unit of area.
    """
    tree, given, result = group(
        "Dust",
        {"Density (1/cm2)": "NodeSocketFloat", "Diameter (mm)": "NodeSocketFloat", "Texture": "NodeSocketFloat"},
        {"Mask": "NodeSocketFloat"},
    )
    diameter = math(tree, "MULTIPLY", given["Diameter (mm)"], MM)
    rate = math(tree, "MULTIPLY", given["Density (1/cm2)"], 1e4)
    cell = math(tree, "POWER", math(tree, "DIVIDE", math(tree, "MULTIPLY", diameter, _MEAN), rate), 1 / 3)
    cells = tree.nodes.new("ShaderNodeTexVoronoi")
    place = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    scaled = vector(tree, "DIVIDE", place, cell)
    feed(tree, cells.inputs["Vector"], elsewhere(tree, scaled, given["Texture"]))
    feed(tree, cells.inputs["Scale"], 1.0)
    share = tree.nodes.new("ShaderNodeSeparateColor")
    feed(tree, share.inputs[0], cells.outputs["Color"])
    size = math(tree, "MULTIPLY_ADD", share.outputs[0], 1 - _SMALLEST, _SMALLEST)
    radius = math(tree, "DIVIDE", math(tree, "MULTIPLY", math(tree, "MULTIPLY", diameter, 0.5), size), cell)
    feed(tree, result["Mask"], math(tree, "LESS_THAN", cells.outputs["Distance"], radius))
    return tree
