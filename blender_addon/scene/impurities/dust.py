"""Dust: specks that lie on the surface, as a node group; ``geometry.impurities.dust`` is the same in numpy."""

from __future__ import annotations

import bpy

from ...contract import sampling, schema
from ...geometry.impurities import dust as pure
from ..drivers import bind_vector
from ..nodes import elsewhere, feed
from ..surfaces.algebra import Number, Triple
from .coat import Coat
from .groups import group_of, place_mm


def lay(coat: Coat, node: bpy.types.Node, table: sampling.Table, path: str) -> None:
    """Cover a surface with the specks of a node of the group."""
    specks = coat.tree.nodes.new("ShaderNodeBsdfDiffuse")
    bind_vector(specks.inputs["Color"], "default_value", table, f"{path}.color")
    coat.cover(node.outputs["Mask"], specks.outputs["BSDF"])


def make_group(entry: schema.Dust, rank: int) -> bpy.types.NodeTree:
    """Balls at the cell points of a Voronoi texture; where the surface cuts a ball, there lies a speck."""
    tree, given, result = group_of(entry, "Mask")
    diameter = given["diameter_mm"]
    cell = (diameter * pure.MEAN / (given["density_per_cm2"] * 0.01)).of("POWER", 1 / 3)
    cells = tree.nodes.new("ShaderNodeTexVoronoi")
    feed(tree, cells.inputs["Vector"], elsewhere(tree, place_mm(tree).over(cell).socket, given.draw))
    feed(tree, cells.inputs["Scale"], 1.0)
    size = Triple(tree, cells.outputs["Color"]).dot((1.0, 0.0, 0.0)) * (1 - pure.SMALLEST) + pure.SMALLEST
    radius = diameter * 0.5 * size / cell
    feed(tree, result["Mask"], Number(tree, cells.outputs["Distance"]).of("LESS_THAN", radius).socket)
    return tree
