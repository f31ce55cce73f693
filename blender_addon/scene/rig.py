"""The rig: all that stands around the part, in a collection of its own."""

from __future__ import annotations

import bpy

RIG = "Rig"


def link_to_rig(scene: bpy.types.Scene, thing: bpy.types.Object) -> None:
    """Put an object into the rig of a scene."""
    if RIG not in scene.collection.children:
        scene.collection.children.link(bpy.data.collections.new(RIG))
    scene.collection.children[RIG].objects.link(thing)
