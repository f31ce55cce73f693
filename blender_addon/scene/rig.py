"""The rig: all that stands around the part, in a collection of its own."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from ..contract import viewpoints
from . import MM

_RIG = "defectory_rig"


def rig_of(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The collection of a scene's rig, whatever it is called: a person may have one of the same name."""
    return next((child for child in scene.collection.children if _RIG in child), None)


def link_to_rig(scene: bpy.types.Scene, thing: bpy.types.Object) -> None:
    """Put an object into the rig of a scene."""
    rig = rig_of(scene)
    if rig is None:
        rig = bpy.data.collections.new("Rig")
        rig[_RIG] = True
        scene.collection.children.link(rig)
    rig.objects.link(thing)


def stand_before(
    thing: bpy.types.Object, follow: str, views: viewpoints.Viewpoints, viewpoint: bpy.types.Object
) -> None:
    """Take a thing's local pose as one in the camera's axes: of every view in turn, or of the first for good."""
    if follow == "camera":
        thing.parent = viewpoint
    else:
        # Its basis: `matrix_local` of what has no parent is that of the last evaluation, before which it was nowhere.
        thing.matrix_world = _first_pose(views) @ thing.matrix_basis


def _first_pose(views: viewpoints.Viewpoints) -> Matrix:
    """Pose of the first view's camera in metres."""
    pose = Matrix([list(row) for row in views.rotations[0]]).to_4x4()
    pose.translation = Vector(views.locations_mm[0]) * MM
    return pose
