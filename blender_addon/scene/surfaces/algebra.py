"""Formulas as node trees: numbers and triples that grow Math nodes as they are calculated with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import bpy

from ..nodes import feed, math, vector

Operand: TypeAlias = "Number | float"
Place: TypeAlias = "Triple | tuple[float, float, float]"


def _raw(value: Any) -> Any:
    return value.socket if isinstance(value, Number | Triple) else value


@dataclass(frozen=True)
class Number:
    """A socket that carries a number."""

    tree: bpy.types.NodeTree
    socket: Any

    def of(self, operation: str, *others: Operand) -> Number:
        return Number(self.tree, math(self.tree, operation, self.socket, *map(_raw, others)))

    def __add__(self, other: Operand) -> Number:
        return self.of("ADD", other)

    def __sub__(self, other: Operand) -> Number:
        return self.of("SUBTRACT", other)

    def __mul__(self, other: Operand) -> Number:
        return self.of("MULTIPLY", other)

    def __truediv__(self, other: Operand) -> Number:
        return self.of("DIVIDE", other)

    def __rsub__(self, other: float) -> Number:
        return Number(self.tree, math(self.tree, "SUBTRACT", other, self.socket))

    __radd__, __rmul__ = __add__, __mul__

    def fraction(self) -> Number:
        return self - self.of("FLOOR")

    def times(self, direction: Place) -> Triple:
        return Triple(self.tree, vector(self.tree, "SCALE", _raw(direction), Scale=self.socket))


@dataclass(frozen=True)
class Triple:
    """A socket that carries a vector."""

    tree: bpy.types.NodeTree
    socket: Any

    def of(self, operation: str, *others: Place) -> Triple:
        return Triple(self.tree, vector(self.tree, operation, self.socket, *map(_raw, others)))

    def __add__(self, other: Place) -> Triple:
        return self.of("ADD", other)

    def __sub__(self, other: Place) -> Triple:
        return self.of("SUBTRACT", other)

    def cross(self, other: Place) -> Triple:
        return self.of("CROSS_PRODUCT", other)

    def normalized(self) -> Triple:
        return self.of("NORMALIZE")

    def scaled(self, by: Operand) -> Triple:
        return Triple(self.tree, vector(self.tree, "SCALE", self.socket, Scale=_raw(by)))

    def over(self, by: Number) -> Triple:
        return Triple(self.tree, vector(self.tree, "DIVIDE", self.socket, by.socket))

    def dot(self, other: Place) -> Number:
        return Number(self.tree, vector(self.tree, "DOT_PRODUCT", self.socket, _raw(other), output="Value"))

    def length(self) -> Number:
        return Number(self.tree, vector(self.tree, "LENGTH", self.socket, output="Value"))


def triple(x: Operand, y: Operand, z: Operand, tree: bpy.types.NodeTree) -> Triple:
    """A vector from its three numbers."""
    node = tree.nodes.new("ShaderNodeCombineXYZ")
    for socket, value in zip(node.inputs, (x, y, z)):
        feed(tree, socket, _raw(value))
    return Triple(tree, node.outputs["Vector"])
