"""What patterns are made of: noise, cells, and the slopes of a relief. All lengths are millimetres of the part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from .. import MM
from ..nodes import elsewhere, feed
from .algebra import Number, Operand, Triple, triple
from .sockets import TEXTURE, input_name

STEP = 0.05
"""Over which share of a pattern's finest feature its slope is measured."""


class Pattern:
    """A surface's group while it is built: its inputs as numbers, the point that is shaded, and the relief there.

    Attributes:
        place: point that is shaded, in mm of the part's own axes.
        normal: of the smooth surface there, in the same axes.
    """

    def __init__(self, tree: bpy.types.NodeTree, given: Any) -> None:
        self.tree, self.given = tree, given
        node = tree.nodes.new("ShaderNodeTexCoord")
        self.place = Triple(tree, node.outputs["Object"]).scaled(1 / MM)
        self.normal = Triple(tree, node.outputs["Normal"])

    def __getitem__(self, field: str) -> Number:
        """Input of a field of the manifest."""
        return Number(self.tree, self.given[input_name(field)])

    @property
    def texture(self) -> Number:
        """Draw of the instance's texture, 0 to 1000."""
        return Number(self.tree, self.given[TEXTURE])

    def noise(self, place: Triple, detail: float = 0.0, roughness: float = 0.5) -> Number:
        """Perlin noise, 0 to 1, of features of size 1 in another place for each instance."""
        return Number(self.tree, self._noise(place, detail, roughness).outputs[0])

    def swirl(self, place: Triple) -> Triple:
        """Three Perlin noises at once."""
        return Triple(self.tree, self._noise(place, 1.0, 0.5).outputs[1])

    def cells(self, place: Triple, feature: str = "F1") -> bpy.types.Node:
        """Voronoi cells of size 1, in another place for each instance."""
        node = self.tree.nodes.new("ShaderNodeTexVoronoi")
        node.feature = feature
        feed(self.tree, node.inputs["Vector"], elsewhere(self.tree, place.socket, self.texture.socket))
        feed(self.tree, node.inputs["Scale"], 1.0)
        return node

    def _noise(self, place: Triple, detail: float, roughness: float) -> bpy.types.Node:
        node = self.tree.nodes.new("ShaderNodeTexNoise")
        feed(self.tree, node.inputs["Vector"], elsewhere(self.tree, place.socket, self.texture.socket))
        for name, value in {"Scale": 1.0, "Detail": detail, "Roughness": roughness}.items():
            feed(self.tree, node.inputs[name], value)
        return node

    def tilted(self, height_mm: Callable[[Triple], Number], step_mm: Operand, lean: Triple | None = None) -> Any:
        """Socket of the normal, in the world, of a surface with a relief.

        A Bump node measures slopes over a pixel, so that lines finer than a pixel would fade as the camera draws back;
        over a length of the pattern itself their glint stays what it is.

        Args:
            height_mm: height in mm of the relief at a point of the part.
            step_mm: over which the slope is measured.
            lean: what is added to the normal besides; its length is the tangent of the tilt.
        """
        along = self.normal.cross(self._off_normal()).normalized()
        across = self.normal.cross(along)
        here, tilted = height_mm(self.place), self.normal if lean is None else self.normal + lean
        for direction in (along, across):
            there = height_mm(self.place + direction.scaled(step_mm))
            tilted = tilted - direction.scaled((there - here) / step_mm)
        return self.to_world(tilted)

    def to_world(self, direction: Triple) -> Any:
        """Socket of a direction of the part as one of the world."""
        node = self.tree.nodes.new("ShaderNodeVectorTransform")
        node.vector_type, node.convert_from, node.convert_to = "NORMAL", "OBJECT", "WORLD"
        feed(self.tree, node.inputs["Vector"], direction.socket)
        return Triple(self.tree, node.outputs["Vector"]).normalized().socket

    def _off_normal(self) -> Triple:
        """An axis that the normal does not lie along."""
        upright = self.normal.dot((0.0, 0.0, 1.0)).of("ABSOLUTE").of("GREATER_THAN", 0.9)
        return triple(upright, 0.0, 1.0 - upright, self.tree)


def metal(pattern: Pattern, result: Any, normal: Any, **inputs: Any) -> bpy.types.Node:
    """Make the group a metal of the manifest's colour and roughness; ``inputs`` replace those of its shader by name."""
    tree = pattern.tree
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    given = {"Base Color": pattern["color"].socket, "Roughness": pattern["roughness"].socket, "Metallic": 1.0}
    for name, value in {**given, "Normal": normal, **inputs}.items():
        feed(tree, shader.inputs[name.replace("_", " ")], getattr(value, "socket", value))
    feed(tree, result["Shader"], shader.outputs["BSDF"])
    return shader


def cusps(phase: Number) -> Number:
    """Profile of round grooves side by side: 0 in their beds, 1 on the edges between them, one for each unit."""
    middle = phase.fraction() * 2.0 - 1.0
    return middle * middle


def unit(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    """A direction as a vector of length 1."""
    largest = max(map(abs, vector))
    x, y, z = (n / largest for n in vector)
    length = (x * x + y * y + z * z) ** 0.5
    return x / length, y / length, z / length


def beside(axis: tuple[float, float, float], wish: tuple[float, float, float]) -> tuple[float, float, float]:
    """Unit vector perpendicular to a unit axis, nearest to a wish that does not lie along it."""
    x, y, z = unit(wish)
    share = x * axis[0] + y * axis[1] + z * axis[2]
    return unit((x - share * axis[0], y - share * axis[1], z - share * axis[2]))


def cross(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
