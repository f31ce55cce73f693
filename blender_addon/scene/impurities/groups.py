"""Node groups of impurities while they are built."""

from __future__ import annotations

from typing import Any

import bpy

from .. import MM
from ..nodes import elsewhere, feed
from ..surfaces.algebra import Number, Triple
from ..surfaces.sockets import TEXTURE, group_with, input_name


class Given:
    """The inputs of an impurity's group, by the names of the manifest's fields."""

    def __init__(self, tree: bpy.types.NodeTree, sockets: Any) -> None:
        self._tree, self._sockets = tree, sockets

    def __getitem__(self, field: str) -> Number:
        return Number(self._tree, self._sockets[input_name(field)])

    @property
    def draw(self) -> Any:
        """Socket of the draw of the instance's texture."""
        return self._sockets[TEXTURE]


def group_of(entry: Any, *outputs: str) -> tuple[bpy.types.NodeTree, Given, Any]:
    """An empty group with an impurity's inputs and outputs that are numbers: the tree, its inputs and its outputs."""
    tree, sockets, result = group_with(entry, dict.fromkeys(outputs, "NodeSocketFloat"))
    return tree, Given(tree, sockets), result


def place_mm(tree: bpy.types.NodeTree) -> Triple:
    """The point that is shaded, in mm of the part's own axes."""
    return Triple(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]).scaled(1 / MM)


def perlin(place: Triple, draw: Any) -> Number:
    """Signed Perlin noise of features of size 1, -1 to 1: ``geometry.impurities.noise.perlin``."""
    node = place.tree.nodes.new("ShaderNodeTexNoise")
    node.normalize = False
    feed(place.tree, node.inputs["Vector"], elsewhere(place.tree, place.socket, draw))
    for name, value in {"Scale": 1.0, "Detail": 0.0}.items():
        feed(place.tree, node.inputs[name], value)
    return Number(place.tree, node.outputs[0])
