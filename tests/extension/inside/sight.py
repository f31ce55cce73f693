"""What a person sees of an open inspection, as numbers and names that can be compared."""

from __future__ import annotations

import math
from typing import Any

import bpy

from .addon import module


def driven(scene: bpy.types.Scene) -> dict[str, float]:
    """Some driven properties, in Blender's units."""
    lamp = next(o for o in scene.objects if o.type == "LIGHT" and o.data.type == "AREA")
    part, camera = scene.defectory.part, scene.camera
    painted = next(n for n in part.material_slots[0].material.node_tree.nodes if n.bl_idname == "ShaderNodeGroup")
    return {
        "part.rotation_deg[2]": math.degrees(part.rotation_euler[2]),
        "lights[0].radiance": lamp.data.energy / (math.pi * lamp.data.size * lamp.data.size_y),
        "surface.roughness": painted.inputs["Roughness"].default_value,
        "surface.relief_height_mm": painted.inputs["Relief Height (mm)"].default_value,
        "@view.x_mm": camera.parent.location[0] * 1000,
        "@seed": scene.cycles.seed,
    }


def geometry(scene: bpy.types.Scene) -> list[Any]:
    mesh = scene.defectory.part.data
    ids = {round(item.value) for item in mesh.attributes["defect_id"].data}
    return [len(mesh.vertices), sorted(ids), [round(c, 6) for v in list(mesh.vertices)[-3:] for c in v.co]]


def frames_seen(frames: list[int]) -> list[dict[str, Any]]:
    scene, seen = bpy.context.scene, []
    for frame in frames:
        scene.frame_set(frame)
        seen.append({"frame": frame, "driven": driven(scene), "geometry": geometry(scene)})
    return seen


def state() -> dict[str, Any]:
    """What a person sees of the open inspection, for comparison."""
    scene, inspection = bpy.context.scene, module("ui.inspection")
    table = inspection.current.table
    return {
        "manifest": module("contract").schema.to_dict(table.manifest),
        "objects": sorted(thing.name for thing in scene.objects),
        "lamps": sorted([o.name, round(o.data.energy, 5)] for o in scene.objects if o.type == "LIGHT"),
        "materials": sorted(
            node.node_tree.name.partition(".")[0]
            for slot in scene.defectory.part.material_slots
            for node in slot.material.node_tree.nodes
            if node.bl_idname == "ShaderNodeGroup"
        ),
        "frames": [scene.frame_start, scene.frame_end],
        "geometry": geometry(scene),
        "problem": module("ui.messages").problem,
    }
