"""Painted print."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import schema
from .. import MM
from ..nodes import elsewhere, feed, math, vector
from .sockets import group_of


def painted(surface: schema.Painted) -> bpy.types.NodeTree:
    """Painted print of S0: Perlin noise as relief, dark crevices where the noise is lowest."""
    relief = surface.relief
    tree, given, result = group_of(surface, "Displacement")
    place = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    height = _noise(tree, given, place)

    ramp = tree.nodes.new("ShaderNodeMapRange")
    ramp.interpolation_type = "SMOOTHSTEP"
    feed(tree, ramp.inputs["Value"], height)
    feed(tree, ramp.inputs["From Min"], math(tree, "SUBTRACT", given["Crevice Level"], given["Crevice Width"]))
    feed(tree, ramp.inputs["From Max"], given["Crevice Level"])
    paint = tree.nodes.new("ShaderNodeMix")
    paint.data_type = "RGBA"
    feed(tree, paint.inputs[0], ramp.outputs["Result"])
    feed(tree, paint.inputs[6], given["Crevice Color"])
    feed(tree, paint.inputs[7], given["Color"])

    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    feed(tree, shader.inputs["Base Color"], paint.outputs[2])
    feed(tree, shader.inputs["Roughness"], given["Roughness"])
    feed(tree, shader.inputs["Specular IOR Level"], given["Specular"])
    height_m = math(tree, "MULTIPLY", given["Relief Height (mm)"], MM)
    if relief == "bump":
        bump = tree.nodes.new("ShaderNodeBump")
        feed(tree, bump.inputs["Height"], height)
        feed(tree, bump.inputs["Distance"], height_m)
        feed(tree, shader.inputs["Normal"], bump.outputs["Normal"])
    elif relief == "normal":
        feed(tree, shader.inputs["Normal"], _tilted_normal(tree, given, place, height, height_m))
    elif relief == "displacement":
        shift = tree.nodes.new("ShaderNodeDisplacement")
        feed(tree, shift.inputs["Height"], height)
        feed(tree, shift.inputs["Scale"], height_m)
        feed(tree, result["Displacement"], shift.outputs["Displacement"])
    feed(tree, result["Shader"], shader.outputs["BSDF"])
    return tree


def _noise(tree: bpy.types.NodeTree, given: Any, place: Any) -> Any:
    noise = tree.nodes.new("ShaderNodeTexNoise")
    feature = math(tree, "MULTIPLY", given["Relief Scale (mm)"], MM)
    feed(tree, noise.inputs["Vector"], elsewhere(tree, vector(tree, "DIVIDE", place, feature), given["Texture"]))
    feed(tree, noise.inputs["Scale"], 1.0)
    feed(tree, noise.inputs["Detail"], given["Relief Detail"])
    return noise.outputs[0]


def _tilted_normal(tree: bpy.types.NodeTree, given: Any, place: Any, height: Any, height_m: Any) -> Any:
    """The normal, tilted by the slope of the noise, which is measured over a fiftieth of its scale along each axis."""
    step = math(tree, "MULTIPLY", given["Relief Scale (mm)"], 0.02 * MM)
    slope = tree.nodes.new("ShaderNodeCombineXYZ")
    for axis in range(3):
        direction = tuple(1.0 if k == axis else 0.0 for k in range(3))
        beside = vector(tree, "ADD", place, vector(tree, "SCALE", direction, Scale=step))
        rise = math(tree, "SUBTRACT", _noise(tree, given, beside), height)
        feed(tree, slope.inputs[axis], math(tree, "DIVIDE", math(tree, "MULTIPLY", rise, height_m), step))
    turn = tree.nodes.new("ShaderNodeVectorTransform")
    turn.vector_type, turn.convert_from, turn.convert_to = "VECTOR", "OBJECT", "WORLD"
    feed(tree, turn.inputs["Vector"], slope.outputs["Vector"])
    normal = tree.nodes.new("ShaderNodeNewGeometry").outputs["Normal"]
    across = vector(tree, "DOT_PRODUCT", turn.outputs["Vector"], normal, output="Value")
    inward = vector(tree, "SCALE", normal, Scale=across)
    along = vector(tree, "SUBTRACT", turn.outputs["Vector"], inward)
    return vector(tree, "NORMALIZE", vector(tree, "SUBTRACT", normal, along))
