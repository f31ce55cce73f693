"""Manifests exported with what was made by hand, and rendered by the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .addon import ADDON, enable, module


def export_and_render(part: str, path: str, command: str, blender: str, *frames: str) -> dict[str, Any]:
    """Author, change the scene by hand, export, render frames as F12 does, and have the command render all of it."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    scene, inspection, runs = bpy.context.scene, module("ui.inspection"), module("ui.runs")
    group = scene.defectory.manifest
    group.camera.image_px, group.render.samples, group.instances, group.repeats = (64, 64), 2, 2, 2
    bpy.ops.defectory.add_item(path="defects", kind="dent")
    bpy.ops.defectory.randomise(target="lights[0].radiance", kind="uniform", scope="frame", low=1, high=3)
    # By hand: a block beside the part with a material of its own and a picture that lies elsewhere, a lamp, a node.
    bpy.ops.mesh.primitive_cube_add(size=0.01, location=(0.02, -0.02, 0.02))
    block, material = bpy.context.object, bpy.data.materials.new("Hand-made")
    block.name, material.use_nodes = "Block", True
    picture = bpy.data.images.new("picture", 8, 8)
    picture.filepath_raw, picture.file_format = str(Path(bpy.app.tempdir) / "picture.png"), "PNG"
    picture.save()
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = picture
    shader = next(n for n in material.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Emission Color"].default_value, shader.inputs["Emission Strength"].default_value = (0, 1, 0, 1), 1
    block.data.materials.append(material)
    target = module("ui.foreign").target(block, "location", 2)
    bpy.ops.defectory.randomise(target=target, kind="uniform", scope="frame", low=0.0, high=0.03)
    module("render").prepare_output(scene)
    facts: dict[str, Any] = {"export": list(bpy.ops.defectory.export(filepath=path)), "problem": inspection.problem}
    text = Path(path).read_text()
    facts["stills"] = []
    for frame in frames:
        scene.frame_set(int(frame))
        scene.render.filepath = str(Path(path).parent / f"still_{frame}.exr")
        bpy.ops.render.render(write_still=True)
        facts["stills"].append(scene.render.filepath)
    bpy.ops.defectory.export(filepath=path)
    facts["again"] = Path(path).read_text() == text

    facts["no_command"] = list(bpy.ops.defectory.render_here())
    facts["no_command_problem"] = inspection.problem
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.command, preferences.blender = command, blender
    facts["no_farm"] = list(bpy.ops.defectory.submit())
    facts["no_farm_problem"] = inspection.problem
    facts["render"] = list(bpy.ops.defectory.render_here())
    runs.wait()
    facts["data_set"] = str(runs.last.root)
    facts["report"] = bpy.ops.defectory.open_report.poll()

    bpy.ops.wm.read_homefile(use_empty=True)
    facts["opened"] = [list(bpy.ops.defectory.open_manifest(filepath=path)), inspection.problem]
    scene = bpy.context.scene
    facts["kept"] = sorted(set(scene.objects.keys()) & {"Block", "Part"})
    bpy.ops.defectory.export(filepath=path)
    facts["identical"] = Path(path).read_text() == text
    scene.objects["Block"].location.x += 0.001
    bpy.ops.defectory.export(filepath=path)
    facts["changed"] = Path(path).read_text() != text
    scene.objects["Block"].name = "Renamed"
    facts["gone"] = [list(bpy.ops.defectory.export(filepath=path)), inspection.problem]
    return facts
