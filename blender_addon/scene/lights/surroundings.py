"""Light from outside the scene: a constant world (S0), a dome, or an image of all that is around."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

from ...contract import assets, errors, sampling, schema
from ..drivers import bind
from ..nodes import feed, vector
from ..nodes import math as calculate


def darken(scene: bpy.types.Scene) -> None:
    """Give a scene a black world."""
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    tree = scene.world.node_tree
    tree.nodes.clear()
    background = tree.nodes.new("ShaderNodeBackground")
    background.inputs["Strength"].default_value = 0.0
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])


def add_world(scene: bpy.types.Scene, table: sampling.Table, path: str, light: schema.World) -> None:
    """Light a scene alike from all sides."""
    background = _background(scene)
    background.inputs["Color"].default_value = (*light.color, 1.0)
    bind(background.inputs["Strength"], "default_value", table, f"{path}.radiance", lit=light.name)


def add_dome(scene: bpy.types.Scene, table: sampling.Table, path: str, light: schema.Dome) -> None:
    """Light a scene alike from within a cap of the sky."""
    tree = scene.world.node_tree
    background = _background(scene)
    direction = tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    height = vector(tree, "DOT_PRODUCT", direction, (0.0, 0.0, 1.0), output="Value")
    inside = calculate(tree, "GREATER_THAN", height, math.cos(math.radians(light.opening_deg / 2)))
    color = vector(tree, "SCALE", light.color, Scale=inside)
    feed(tree, background.inputs["Color"], color)
    bind(background.inputs["Strength"], "default_value", table, f"{path}.radiance", lit=light.name)


def add_environment(
    scene: bpy.types.Scene, table: sampling.Table, path: str, light: schema.Environment, assets_folder: Path
) -> None:
    """Light a scene with an image.

    Raises:
        ManifestError: there is no such image, or it cannot be read.
    """
    (file,) = assets.find(table.manifest, f"{path}.image", assets_folder)
    tree = scene.world.node_tree
    background = _background(scene)
    turned = tree.nodes.new("ShaderNodeMapping")
    turned.vector_type = "TEXTURE"
    feed(tree, turned.inputs["Vector"], tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"])
    bind(turned.inputs["Rotation"], "default_value", table, f"{path}.rotation_deg", index=2, scale=math.radians(1))
    picture = tree.nodes.new("ShaderNodeTexEnvironment")
    picture.image = bpy.data.images.load(str(file))
    if 0 in picture.image.size:
        raise errors.ManifestError(f"{path}.image", f"{file}: is damaged, or no image")
    feed(tree, picture.inputs["Vector"], turned.outputs["Vector"])
    feed(tree, background.inputs["Color"], vector(tree, "MULTIPLY", picture.outputs["Color"], light.color))
    bind(background.inputs["Strength"], "default_value", table, f"{path}.radiance", lit=light.name)


def _background(scene: bpy.types.Scene) -> bpy.types.Node:
    return next(node for node in scene.world.node_tree.nodes if node.bl_idname == "ShaderNodeBackground")
