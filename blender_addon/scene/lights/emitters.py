"""Area lights by their radiance, whatever their shape."""

from __future__ import annotations

import math

import bpy

from ...contract import sampling
from .. import MM
from ..drivers import bind
from ..rig import link_to_rig


def add_emitter(
    scene: bpy.types.Scene,
    table: sampling.Table,
    path: str,
    name: str,
    color: tuple[float, float, float],
    size_mm: tuple[float, float],
    hole_mm: float = 0.0,
    *,
    round_: bool = False,
) -> bpy.types.Object:
    """Add an area light, invisible to the camera, that shines along its -z.

    Args:
        scene, table: where, and whose numbers.
        path: of the light in the manifest; its ``radiance`` drives it.
        name, color: of the light.
        size_mm: width and height.
        hole_mm: diameter of a round hole in its middle that does not shine; 0: none.
        round_: an ellipse in place of a rectangle.
    """
    width_mm, height_mm = size_mm
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.shape = "ELLIPSE" if round_ else "RECTANGLE"
    lamp.size, lamp.size_y = width_mm * MM, height_mm * MM
    lamp.color = color
    # Blender spreads an area light's power over its face and over pi steradians.
    area_m2 = lamp.size * lamp.size_y * (math.pi / 4 if round_ else 1.0)
    bind(lamp, "energy", table, f"{path}.radiance", scale=math.pi * area_m2, lit=name)
    if hole_mm > 0:
        _cut_hole(lamp, width_mm, height_mm, hole_mm)
    thing = bpy.data.objects.new(name, lamp)
    thing.visible_camera = False
    link_to_rig(scene, thing)
    return thing


def _cut_hole(lamp: bpy.types.AreaLight, width_mm: float, height_mm: float, hole_mm: float) -> None:
    lamp.use_nodes = True
    tree = lamp.node_tree
    emission = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeEmission")
    where = tree.nodes.new("ShaderNodeNewGeometry")
    centred = tree.nodes.new("ShaderNodeVectorMath")
    centred.operation = "SUBTRACT"
    centred.inputs[1].default_value = (0.5, 0.5, 0.0)
    scaled = tree.nodes.new("ShaderNodeVectorMath")
    scaled.operation = "MULTIPLY"
    scaled.inputs[1].default_value = (width_mm, height_mm, 0.0)
    radius = tree.nodes.new("ShaderNodeVectorMath")
    radius.operation = "LENGTH"
    lit = tree.nodes.new("ShaderNodeMath")
    lit.operation = "GREATER_THAN"
    lit.inputs[1].default_value = hole_mm / 2
    tree.links.new(where.outputs["Parametric"], centred.inputs[0])
    tree.links.new(centred.outputs["Vector"], scaled.inputs[0])
    tree.links.new(scaled.outputs["Vector"], radius.inputs[0])
    tree.links.new(radius.outputs["Value"], lit.inputs[0])
    tree.links.new(lit.outputs["Value"], emission.inputs["Strength"])
