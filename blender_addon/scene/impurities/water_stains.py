"""Water stains: algorithm 1 of S4 as a node group; ``geometry.impurities.water_stains`` is the same in numpy."""

from __future__ import annotations

import bpy

from ...contract import sampling, schema
from ..nodes import elsewhere, feed
from ..surfaces.algebra import Number
from .coat import Coat
from .groups import group_of, perlin, place_mm


def lay(coat: Coat, node: bpy.types.Node, table: sampling.Table, path: str) -> None:
    """Change a surface's reflectance by a node of the group."""
    coat.change("Base Color", node.outputs["Change"])


def make_group(entry: schema.WaterStain, rank: int) -> bpy.types.NodeTree:
    """A group whose outputs are the mask and the change of the reflectance."""
    tree, given, result = group_of(entry, "Mask", "Change")
    radius, cell = given["radius_mm"], given["cell_mm"]
    place = place_mm(tree)
    edge = perlin(place.scaled(given["frequency_per_mm"]), given.draw) * given["amplitude_mm"] + radius
    if entry.center_mm is None:
        cells = tree.nodes.new("ShaderNodeTexVoronoi")
        feed(tree, cells.inputs["Vector"], elsewhere(tree, place.over(cell).socket, given.draw))
        feed(tree, cells.inputs["Scale"], 1.0)
        distance = Number(tree, cells.outputs["Distance"]) * cell
    else:
        distance = (place - entry.center_mm).length()
    mask = 1.0 - distance.of("GREATER_THAN", edge)
    change = (distance / edge).of("POWER", given["decay"]) * given["intensity"] * mask
    feed(tree, result["Mask"], mask.socket)
    feed(tree, result["Change"], change.socket)
    return tree
