"""An inspection authored: by operators, by properties, by presets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy

from .addon import enable, module
from .sight import state


def author(part: str, folder: str) -> dict[str, Any]:
    """From an empty file to a whole inspection, by operators and properties alone; each as its function does it."""
    enable()
    answer = {"begun": list(bpy.ops.defectory.import_part(filepath=part))}
    scene, authoring = bpy.context.scene, module("ui.authoring")
    group = scene.defectory.manifest
    answer["first"] = state()
    mine = bpy.data.objects.new("Mine", bpy.data.lights.new("Mine", "POINT"))
    scene.collection.objects.link(mine)

    group.instances, group.repeats = 3, 2
    group.lights[0].diffuser.radiance = 2.5
    group.surface.kind = "brushed"
    assert authoring.follow(scene), module("ui.messages").problem
    steps = [
        bpy.ops.defectory.add_item(path="lights", kind="spot"),
        bpy.ops.defectory.add_item(path="lights", kind="spot"),
        bpy.ops.defectory.add_item(path="defects", kind="dent"),
        bpy.ops.defectory.add_item(path="defects", kind="scratch"),
        bpy.ops.defectory.randomise(target="lights[3].power_w", kind="uniform", scope="frame", low=2, high=3),
        bpy.ops.defectory.move_item(path="lights", step=-1),
        bpy.ops.defectory.copy_item(path="defects"),
        bpy.ops.defectory.remove_item(path="defects", index=0),
        bpy.ops.defectory.new_draw(),
        bpy.ops.defectory.next_instance(),
    ]
    answer["steps"] = [list(step) for step in steps]
    answer["whole"] = state() | {"frame": scene.frame_current, "mine": "Mine" in scene.objects}
    answer["frames"] = [
        [frame, next(o.data.energy for o in scene.objects if o.name.startswith("spot_2"))]
        for frame in range(scene.frame_end + 1)
        if not scene.frame_set(frame)
    ]
    Path(folder, "authored.json").write_text(json.dumps(answer["whole"]["manifest"]))
    return answer


def presets(step: str, stl: str) -> dict[str, Any]:
    """Every preset in turn, and a surface on selected faces of parts that know CAD faces and that do not."""
    enable()
    bpy.ops.defectory.import_part(filepath=step)
    scene, inspection, ui = bpy.context.scene, module("ui.inspection"), module("ui.presets")
    facts: dict[str, Any] = {"rigs": {}, "surfaces": {}}
    bpy.ops.defectory.randomise(target="lights[0].radiance", kind="uniform", low=1, high=2)
    for name in ui.RIGS:
        result = list(bpy.ops.defectory.apply_rig(name=name))
        facts["rigs"][name] = [result, module("ui.messages").problem, state()["manifest"]]
    for name in ui.SURFACES:
        result = list(bpy.ops.defectory.apply_surface(name=name))
        facts["surfaces"][name] = [
            result,
            module("ui.messages").problem,
            inspection.current.table.manifest.surface.KIND,
        ]
    facts["chosen"] = []
    for path in (step, stl):
        bpy.ops.defectory.import_part(filepath=path)
        part = scene.defectory.part
        for face in part.data.polygons:
            face.select = False
        facts["none"] = [list(bpy.ops.defectory.surface_on_selection()), module("ui.messages").problem]
        for face in part.data.polygons:
            face.select = face.normal.z > 0.99999 and face.center.z > 0.0
        result = list(bpy.ops.defectory.surface_on_selection())
        manifest = module("contract").schema.to_dict(inspection.current.table.manifest)
        chosen = [face.normal.z for face in scene.defectory.part.data.polygons if face.material_index == 1]
        facts["chosen"].append(
            [result, module("ui.messages").problem, manifest["surfaces"][-1:], len(chosen), min(chosen, default=0)]
        )
        bpy.ops.defectory.remove_item(path="surfaces", index=0)
    return facts


def round_trips(*paths: str) -> list[list[Any]]:
    """Manifests through the properties and back: what comes out of each, and of one that was never touched."""
    enable()
    contract, values = module("contract"), module("ui.model.values")
    group, answers = bpy.context.scene.defectory.manifest, []
    for path in paths:
        data = contract.schema.to_dict(contract.files.read_manifest(Path(path)))
        values.fill(group, contract.schema.Manifest, data)
        back = contract.schema.from_dict(values.unchanged(values.read(group, contract.schema.Manifest), data))
        answers.append([data, contract.schema.to_dict(back)])
    return answers


def followed(first: str, second: str, folder: str) -> list[str]:
    """Pictures of a manifest: opened at once, and arrived at by editing another."""
    enable()
    paths = []
    for way in ("opened", "edited"):
        bpy.ops.defectory.open_manifest(filepath=second if way == "opened" else first)
        scene, contract = bpy.context.scene, module("contract")
        if way == "edited":
            wanted = contract.schema.to_dict(contract.files.read_manifest(Path(second)))
            module("ui.model.values").fill(scene.defectory.manifest, contract.schema.Manifest, wanted)
            assert module("ui.authoring").follow(scene), module("ui.messages").problem
        module("render").prepare_output(scene)
        scene.frame_set(1)
        scene.render.filepath = str(Path(folder) / f"{way}.exr")
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths
