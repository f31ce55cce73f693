"""A surface while impurities are laid on it."""

from __future__ import annotations

from typing import Any

import bpy

from ..nodes import feed, math, vector


class Coat:
    """The shader of a surface, which impurities cover or change.

    Args:
        tree: of the material.
        surface: node of the surface's group in it.

    Attributes:
        shader: socket of the surface with all that was laid on it so far.
    """

    def __init__(self, tree: bpy.types.NodeTree, surface: bpy.types.Node) -> None:
        self.tree, self._surface = tree, surface
        self.shader = surface.outputs["Shader"]

    def cover(self, mask: Any, shader: Any) -> None:
        """Lay another shader over the surface where a mask is 1."""
        mix = self.tree.nodes.new("ShaderNodeMixShader")
        feed(self.tree, mix.inputs[0], mask)
        feed(self.tree, mix.inputs[1], self.shader)
        feed(self.tree, mix.inputs[2], shader)
        self.shader = mix.outputs[0]

    def change(self, name: str, amount: Any) -> None:
        """Add a number to an input of the surface's own shader, such as ``Roughness``; sums end at 0 and 1."""
        socket = f"{name} Change"
        if socket not in self._surface.inputs:
            _open(self._surface.node_tree, name, socket)
        given = self._surface.inputs[socket]
        if given.is_linked:
            amount = math(self.tree, "ADD", given.links[0].from_socket, amount)
        feed(self.tree, given, amount)


def _open(group: bpy.types.NodeTree, name: str, socket: str) -> None:
    """Give a surface's group an input that is added to one of its shaders' inputs."""
    group.interface.new_socket(name=socket, in_out="INPUT", socket_type="NodeSocketFloat")
    added = group.nodes.new("NodeGroupInput").outputs[socket]
    for shader in [node for node in group.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"]:
        target = shader.inputs[name]
        colored = target.type == "RGBA"
        value = target.links[0].from_socket if target.is_linked else target.default_value
        if colored and not target.is_linked:
            value = tuple(value)[:3]
        compute, least, most = (vector, (0.0,) * 3, (1.0,) * 3) if colored else (math, 0.0, 1.0)
        total = compute(group, "ADD", value, added)
        feed(group, target, compute(group, "MINIMUM", compute(group, "MAXIMUM", total, least), most))
