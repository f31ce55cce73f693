"""Properties drawn that are no fields of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .addon import enable, module


def randomise_anything() -> dict[str, Any]:
    """Draw properties that are no fields of a manifest: of a light, a modifier, an object, a node, a camera."""
    enable()
    stl = Path(bpy.app.tempdir, "cube.stl")
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    bpy.ops.wm.stl_export(filepath=str(stl))
    cube.modifiers.new("Wave", "WAVE")
    lamp = bpy.data.lights.new("Mine", "POINT")
    material = bpy.data.materials.new("Hand-made")
    material.use_nodes = True
    noise = material.node_tree.nodes.new("ShaderNodeTexNoise")
    camera = bpy.data.cameras.new("Eye")
    bpy.ops.defectory.import_part(filepath=str(stl))
    scene, inspection, foreign = bpy.context.scene, module("ui.inspection"), module("ui.foreign")
    cube.data.materials.append(material)
    for thing in (cube, bpy.data.objects.new("Lamp", lamp), bpy.data.objects.new("Eye", camera)):
        scene.collection.objects.link(thing)
    group = scene.defectory.manifest
    group.instances = 3
    targets = [
        foreign.target(lamp, "energy"),
        foreign.target(cube, 'modifiers["Wave"].height'),
        foreign.target(cube, "location", 2),
        foreign.target(material.node_tree, f'nodes["{noise.name}"].inputs[2].default_value'),
        foreign.target(camera, "shift_y"),
    ]
    facts: dict[str, Any] = {"targets": targets}
    facts["results"] = [
        list(bpy.ops.defectory.randomise(target=one, kind="uniform", scope="frame", low=1, high=2)) for one in targets
    ]

    def held() -> list[float]:
        values = [lamp.energy, cube.modifiers["Wave"].height, cube.location[2], noise.inputs[2].default_value]
        return [*values, camera.shift_y]

    def drawn() -> list[float]:
        table = inspection.current.table
        row = table.row(scene.frame_current)
        return [row[p.id] for p in table.manifest.parameters]

    facts["frames"] = []
    for frame in range(3):
        scene.frame_set(frame)
        facts["frames"].append([held(), drawn()])
    group.parameters[2].muted = True
    facts["muted"] = [module("ui.authoring").follow(scene), len(cube.animation_data.drivers)]
    group.parameters[2].muted = False
    facts["unmuted"] = [module("ui.authoring").follow(scene), len(cube.animation_data.drivers)]
    material.name = "Renamed"
    facts["gone"] = [one for one in targets if not foreign.exists(one)]
    facts["refused"] = list(
        bpy.ops.defectory.randomise(target=targets[3], kind="uniform", scope="frame", low=1, high=2)
    )
    facts["problem"] = module("ui.messages").problem
    bpy.ops.defectory.stop_randomising(target=targets[0])
    facts["stopped"] = [len(lamp.animation_data.drivers), len(group.parameters)]
    return facts
