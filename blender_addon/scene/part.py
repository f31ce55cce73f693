"""The part: one object whose mesh changes with the instance."""

from __future__ import annotations

import math

import bpy
import numpy as np
from numpy.typing import NDArray

from ..contract import sampling
from ..geometry.defects.instances import Instance
from ..geometry.impurities.fingerprints import properties
from ..geometry.impurities.instances import Laid
from . import MM
from .drivers import bind_vector
from .impurities.stickers import INK_ATTRIBUTE

DEFECT_ATTRIBUTE = "defect_id"
PART = "defectory_part"
"""Custom property of a scene: the object that shows the instances."""
_SHARP_RAD = math.radians(30)


def add_part(scene: bpy.types.Scene, table: sampling.Table, materials: list[bpy.types.Material]) -> bpy.types.Object:
    """Add the part, still without geometry, where the manifest puts it."""
    mesh = bpy.data.meshes.new("Part")
    for material in materials:
        mesh.materials.append(material)
    part = bpy.data.objects.new("Part", mesh)
    scene[PART] = part
    scene.collection.objects.link(part)
    part.rotation_mode = "XYZ"
    place_part(part, table)
    return part


def place_part(part: bpy.types.Object, table: sampling.Table) -> None:
    """Put the part where the manifest has it, anew where it stood elsewhere."""
    for name in ("location", "rotation_euler"):
        part.driver_remove(name)
    bind_vector(part, "location", table, "part.location_mm", scale=MM)
    bind_vector(part, "rotation_euler", table, "part.rotation_deg", scale=math.radians(1))


def show_instance(part: bpy.types.Object, instance: Instance, laid: Laid, slots: NDArray[np.int32]) -> None:
    """Give the part the geometry of an instance and what lies on it; the mesh of the former one is removed."""
    old = part.data
    part.data = make_mesh(instance, instance.vertices_mm, laid, slots, list(old.materials))
    bpy.data.meshes.remove(old)


def make_mesh(
    instance: Instance,
    vertices_mm: NDArray[np.float64],
    laid: Laid,
    slots: NDArray[np.int32],
    materials: list[bpy.types.Material],
) -> bpy.types.Mesh:
    """The mesh of an instance, with its vertices at the given places (n, 3), and what lies on it.

    Each triangle takes the material that ``slots`` (m,) numbers; those of stickers come last. The mesh carries a float
    attribute ``defect_id`` on its faces: the id of the defect, 0 where there is none, -1 - i on a sticker of the i-th
    impurity.
    """
    mesh = bpy.data.meshes.new("Part")
    vertices = (np.concatenate([vertices_mm, laid.vertices_mm]) * MM).astype(np.float32)
    triangles = np.concatenate([instance.triangles, laid.triangles + len(vertices_mm)]).astype(np.int32)
    ids = np.concatenate([instance.ids, -1 - laid.entries]).astype(np.float32)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.ravel())
    mesh.loops.add(triangles.size)
    mesh.loops.foreach_set("vertex_index", triangles.ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, 3, dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.attributes.new(DEFECT_ATTRIBUTE, "FLOAT", "FACE").data.foreach_set("value", ids)
    if laid.ink.any():
        ink = np.concatenate([np.zeros(len(instance.triangles)), laid.ink]).astype(np.float32)
        mesh.attributes.new(INK_ATTRIBUTE, "FLOAT", "FACE").data.foreach_set("value", ink)
    for rank, prints in enumerate(laid.prints):
        for name, values in properties(rank, prints).items():
            mesh[name] = values
    mesh.polygons.foreach_set("use_smooth", np.ones(len(triangles), dtype=bool))
    mesh.polygons.foreach_set("material_index", np.ascontiguousarray(slots, dtype=np.int32))
    mesh.set_sharp_from_angle(angle=_SHARP_RAD)
    for material in materials:
        mesh.materials.append(material)
    return mesh
