"""Small helpers for building node trees, so that a surface's module reads as the surface."""

from __future__ import annotations

from typing import Any

import bpy

from ..geometry.impurities.noise import ALONG


def group(name: str, inputs: dict[str, str], outputs: dict[str, str]) -> tuple[bpy.types.NodeTree, Any, Any]:
    """A fresh shader node group.

    Args:
        name: of the group.
        inputs, outputs: name and socket type (``NodeSocketFloat``, ...) of each.

    Returns:
        The tree, the outputs of its input node and the inputs of its output node.
    """
    tree = bpy.data.node_groups.new(name, "ShaderNodeTree")
    for names, side in ((inputs, "INPUT"), (outputs, "OUTPUT")):
        for socket, kind in names.items():
            tree.interface.new_socket(name=socket, in_out=side, socket_type=kind)
    return tree, tree.nodes.new("NodeGroupInput").outputs, tree.nodes.new("NodeGroupOutput").inputs


def feed(tree: bpy.types.NodeTree, socket: Any, value: Any) -> None:
    """Connect an output socket to an input socket, or set the input's value."""
    if isinstance(value, bpy.types.NodeSocket):
        tree.links.new(value, socket)
    else:
        socket.default_value = value


def math(tree: bpy.types.NodeTree, operation: str, *values: Any) -> Any:
    """Output of a Math node; ``values`` are sockets or numbers."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for socket, value in zip(node.inputs, values):
        feed(tree, socket, value)
    return node.outputs["Value"]


def vector(tree: bpy.types.NodeTree, operation: str, *values: Any, output: str = "Vector", **named: Any) -> Any:
    """Output of a Vector Math node; ``values`` are sockets or triples, ``named`` are inputs by name."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = operation
    for socket, value in zip(node.inputs, values):
        feed(tree, socket, value)
    for name, value in named.items():
        feed(tree, node.inputs[name], value)
    return node.outputs[output]


def elsewhere(tree: bpy.types.NodeTree, place: Any, draw: Any) -> Any:
    """A place in a solid texture, moved along a line by a draw; it is cheaper than a fourth dimension of noise."""
    return vector(tree, "ADD", place, vector(tree, "SCALE", ALONG, Scale=draw))
