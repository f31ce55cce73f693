"""The lights of a manifest."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix, Vector

from ..contract import sampling, schema, viewpoints
from . import MM
from .drivers import bind
from .rig import first_pose, link_to_rig


def add_lights(
    scene: bpy.types.Scene, table: sampling.Table, views: viewpoints.Viewpoints, viewpoint: bpy.types.Object
) -> None:
    """Add every light; without a world light the world is black."""
    scene.world = bpy.data.worlds.new("World")
    background = _background(scene.world)
    background.inputs["Strength"].default_value = 0.0
    for number, light in enumerate(table.manifest.lights):
        path = f"lights[{number}]"
        if isinstance(light, schema.World):
            background.inputs["Color"].default_value = (*light.color, 1.0)
            bind(background.inputs["Strength"], "default_value", table, f"{path}.radiance", lit=light.name)
        else:
            _add_diffuser(scene, table, path, light, views, viewpoint)


def _background(world: bpy.types.World) -> bpy.types.Node:
    world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    background = tree.nodes.new("ShaderNodeBackground")
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    return background


def _add_diffuser(
    scene: bpy.types.Scene,
    table: sampling.Table,
    path: str,
    light: schema.Diffuser,
    views: viewpoints.Viewpoints,
    viewpoint: bpy.types.Object,
) -> None:
    """A rectangular area light, which Cycles samples with less noise than a mesh that emits, with a hole."""
    target, eye = Vector(views.targets_mm[0]), Vector(views.locations_mm[0])
    away = (eye - target).length
    distance = light.distance_mm if light.distance_mm is not None else away * 2 / 3
    width, height = light.size_mm if light.size_mm is not None else (distance, distance)
    hole = light.hole_diameter_mm if light.hole_diameter_mm is not None else width / 5

    lamp = bpy.data.lights.new(light.name, "AREA")
    lamp.shape = "RECTANGLE"
    lamp.size, lamp.size_y = width * MM, height * MM
    lamp.color = light.color
    # Blender spreads an area light's power over its face and over pi steradians.
    bind(lamp, "energy", table, f"{path}.radiance", scale=math.pi * lamp.size * lamp.size_y, lit=light.name)
    _cut_hole(lamp, width, height, hole)

    plane = bpy.data.objects.new(light.name, lamp)
    plane.visible_camera = False
    # A light shines along its -z, as a camera looks: the view's own axes are right, moved along its line of sight.
    plane.matrix_local = Matrix.Translation((0.0, 0.0, -(away - distance) * MM))
    if light.follow == "camera":
        plane.parent = viewpoint
    else:
        plane.matrix_world = first_pose(views) @ plane.matrix_local
    link_to_rig(scene, plane)


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
    # "Parametric" runs over the rectangle with its axes swapped on some lights, so only a square's sides may differ.
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
