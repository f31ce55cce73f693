"""The backdrop: a plane behind the part that holds out whatever is behind it (S0)."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from ..contract import schema, viewpoints
from . import MM
from .rig import link_to_rig, stand_before


def add_backdrop(
    scene: bpy.types.Scene,
    backdrop: schema.Backdrop | None,
    views: viewpoints.Viewpoints,
    bounds: viewpoints.Bounds,
    viewpoint: bpy.types.Object,
) -> None:
    """Add the backdrop: transparent to the camera, black in reflections, and a wall to the light from behind."""
    scene.render.film_transparent = True
    if backdrop is None:
        return
    distance = backdrop.distance_mm if backdrop.distance_mm is not None else 2 * bounds.radius_mm
    half = (backdrop.size_mm if backdrop.size_mm is not None else 10 * bounds.radius_mm) / 2 * MM
    mesh = bpy.data.meshes.new("Backdrop")
    mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("Backdrop")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    holdout = tree.nodes.new("ShaderNodeHoldout")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(holdout.outputs["Holdout"], output.inputs["Surface"])
    mesh.materials.append(material)
    plane = bpy.data.objects.new("Backdrop", mesh)
    eye, target = Vector(views.locations_mm[0]), Vector(views.targets_mm[0])
    plane.matrix_local = Matrix.Translation((0.0, 0.0, -((eye - target).length + distance) * MM))
    stand_before(plane, backdrop.follow, views, viewpoint)
    link_to_rig(scene, plane)
