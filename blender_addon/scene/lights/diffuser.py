"""The diffuser of the light box: a plane between camera and part, with a hole to look through (S0)."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from ...contract import sampling, schema, viewpoints
from .. import MM
from ..rig import stand_before
from .emitters import add_emitter


def add_diffuser(
    scene: bpy.types.Scene,
    table: sampling.Table,
    path: str,
    light: schema.Diffuser,
    views: viewpoints.Viewpoints,
    viewpoint: bpy.types.Object,
) -> None:
    """Add a diffuser, an area light, which Cycles samples with less noise than a mesh that emits."""
    away_mm = (Vector(views.locations_mm[0]) - Vector(views.targets_mm[0])).length
    distance_mm = light.distance_mm if light.distance_mm is not None else away_mm * 2 / 3
    size_mm = light.size_mm if light.size_mm is not None else (distance_mm, distance_mm)
    hole_mm = light.hole_diameter_mm if light.hole_diameter_mm is not None else size_mm[0] / 5
    plane = add_emitter(scene, table, path, light.name, light.color, size_mm, hole_mm)
    # A light shines along its -z, as a camera looks.
    plane.matrix_local = Matrix.Translation((0.0, 0.0, -(away_mm - distance_mm) * MM))
    stand_before(plane, light.follow, views, viewpoint)
