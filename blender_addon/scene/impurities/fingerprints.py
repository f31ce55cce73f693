"""Fingerprints as a node group; ``geometry.impurities.fingerprints`` is the same in numpy.

Where the prints of an instance lie, its mesh says, in custom properties that the group reads: so they come and go with
it, as the defects do.
"""

from __future__ import annotations

import math

import bpy

from ...contract import distributions, sampling, schema
from ...geometry.impurities import fingerprints as pure
from ..nodes import feed
from ..surfaces.algebra import Number, Triple, triple
from .coat import Coat
from .groups import group_of, perlin, place_mm


def lay(coat: Coat, node: bpy.types.Node, table: sampling.Table, path: str) -> None:
    """Grease a surface by a node of the group."""
    coat.change("Base Color", node.outputs["Change"])
    coat.change("Roughness", node.outputs["Rougher"])


def make_group(entry: schema.Fingerprint, rank: int) -> bpy.types.NodeTree:
    """A group whose outputs are the mask and the changes of the reflectance and of the roughness."""
    tree, given, result = group_of(entry, "Mask", "Change", "Rougher")
    place = place_mm(tree)
    normal = Triple(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Normal"])
    most = distributions.most(entry.count)
    touched = [_touched(tree, rank, number, place, normal) for number in range(most)]
    zero = Number(tree, tree.nodes.new("ShaderNodeValue").outputs[0])
    own, local, draw = zero, triple(0.0, 0.0, 0.0, tree), zero
    for inside, where, core in touched:
        own, local, draw = own + inside, local + where.scaled(inside), draw + core * inside
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    feed(tree, split.inputs[0], local.socket)
    u, v, square = (Number(tree, socket) for socket in split.outputs)

    def noise(per_mm: float) -> Number:
        return perlin(place.scaled(per_mm), given.draw)

    radius = square.of("SQRT") + noise(pure.RAGGED_PER_MM) * pure.RAGGED
    mask = own * radius.of("LESS_THAN", 1.0)
    pressure = noise(pure.PATCH_PER_MM) * 0.5 + 0.85
    fade = _clamped((1.0 - radius) / (1 - pure.FADE))
    course = _course_mm(u, v, draw) + noise(pure.WAVE_PER_MM) * pure.WAVE_MM
    ridges = (course / given["ridge_mm"] * (2 * math.pi)).of("COSINE") * 0.5 + 0.5
    sharp, flat = _clamped(ridges * 2.0 + pressure - 1.4), _clamped(pressure * 0.6)
    grease = (sharp + (flat - sharp) * given["smudge"]) * (fade * 0.6 + 0.4) * mask
    feed(tree, result["Mask"], mask.socket)
    feed(tree, result["Change"], (grease * given["intensity"]).socket)
    feed(tree, result["Rougher"], (grease * given["roughness"]).socket)
    return tree


def _touched(
    tree: bpy.types.NodeTree, rank: int, number: int, place: Triple, normal: Triple
) -> tuple[Number, Triple, Number]:
    """Whether a print may touch the point, (u, v, square of the relative radius) in it, and its draw."""
    sockets = []
    for part in pure.PARTS:
        node = tree.nodes.new("ShaderNodeAttribute")
        node.attribute_type, node.attribute_name = "OBJECT", pure.property_name(rank, number, part)
        sockets.append((Triple(tree, node.outputs["Vector"]), Number(tree, node.outputs["Alpha"])))
    (center, draw), (across, half_u), (along, half_v) = sockets
    outward, offset = across.cross(along), place - center
    u, v = offset.dot(across), offset.dot(along)
    relative_u, relative_v = u / half_u, v / half_v
    square = relative_u * relative_u + relative_v * relative_v
    near = offset.dot(outward).of("ABSOLUTE").of("LESS_THAN", half_u)
    reached = square.of("LESS_THAN", (1 + pure.RAGGED) ** 2)
    # A print that this instance lacks has no direction outward.
    facing = normal.dot(outward).of("GREATER_THAN", 0.0)
    return near * reached * facing, triple(u, v, square, tree), draw


def _course_mm(u: Number, v: Number, draw: Number) -> Number:
    core = draw * 3.0 - 1.0
    above = v - core
    leaning = u + above * (draw - 0.5) * 0.8
    tip = above.of("MAXIMUM", 0.0)
    loop = (leaning * leaning + tip * tip).of("SQRT")
    arch = (core - v) * 0.9 - 3.5 - u * u * 0.02
    return loop.of("SMOOTH_MAX", arch, pure.ROUND)


def _clamped(value: Number) -> Number:
    return value.of("MAXIMUM", 0.0).of("MINIMUM", 1.0)
