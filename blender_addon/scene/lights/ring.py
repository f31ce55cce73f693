"""Ring lights: round (S2), or of straight bars (S4: a hexagon)."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix

from ...contract import sampling, schema, viewpoints
from .. import MM
from ..rig import stand_before
from .emitters import add_emitter


def add_ring(
    scene: bpy.types.Scene,
    table: sampling.Table,
    path: str,
    light: schema.RingLight,
    views: viewpoints.Viewpoints,
    viewpoint: bpy.types.Object,
) -> None:
    """Add a ring about the camera's line of sight."""
    diameter_mm, width_mm = light.diameter_mm * light.scale, light.width_mm * light.scale
    turn = Matrix.Rotation(math.radians(light.rotation_deg), 4, "Z")
    level = Matrix.Translation((0.0, 0.0, -light.distance_mm * MM))
    if light.sides == 0:
        outer_mm = diameter_mm + width_mm
        inner_mm = diameter_mm - width_mm
        disc = add_emitter(scene, table, path, light.name, light.color, (outer_mm, outer_mm), inner_mm, round_=True)
        disc.matrix_local = level @ turn
        stand_before(disc, light.follow, views, viewpoint)
        return
    length_mm = diameter_mm * math.tan(math.pi / light.sides)
    for side in range(light.sides):
        bar = add_emitter(scene, table, path, light.name, light.color, (length_mm, width_mm))
        out = Matrix.Rotation(2 * math.pi * side / light.sides, 4, "Z")
        bar.matrix_local = level @ turn @ out @ Matrix.Translation((0.0, diameter_mm / 2 * MM, 0.0))
        stand_before(bar, light.follow, views, viewpoint)
