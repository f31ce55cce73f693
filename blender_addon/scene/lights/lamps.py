"""Lamps that stand at a point and shine at another."""

from __future__ import annotations

import math

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...contract import sampling, schema, viewpoints
from .. import MM
from ..drivers import bind
from ..rig import link_to_rig
from .emitters import add_emitter


def add_panel(
    scene: bpy.types.Scene, table: sampling.Table, path: str, light: schema.Panel, viewpoint: bpy.types.Object
) -> None:
    """Add a rectangular lamp."""
    _stand(add_emitter(scene, table, path, light.name, light.color, light.size_mm), light, viewpoint)


def add_spot(
    scene: bpy.types.Scene, table: sampling.Table, path: str, light: schema.Spot, viewpoint: bpy.types.Object
) -> None:
    """Add a spot light."""
    lamp = bpy.data.lights.new(light.name, "SPOT")
    lamp.color = light.color
    lamp.spot_size = math.radians(light.angle_deg)
    lamp.spot_blend = light.blend
    lamp.shadow_soft_size = light.radius_mm * MM
    bind(lamp, "energy", table, f"{path}.power_w", lit=light.name)
    thing = bpy.data.objects.new(light.name, lamp)
    thing.visible_camera = False
    link_to_rig(scene, thing)
    _stand(thing, light, viewpoint)


def _stand(thing: bpy.types.Object, light: schema.Panel | schema.Spot, viewpoint: bpy.types.Object) -> None:
    away = np.subtract(light.location_mm, light.target_mm)
    pose = Matrix([list(row) for row in viewpoints.look_at(away)]).to_4x4()
    pose.translation = Vector(light.location_mm) * MM
    if light.follow == "camera":
        thing.parent = viewpoint
    thing.matrix_local = pose
