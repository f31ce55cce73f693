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
    scene, messages, runs = bpy.context.scene, module("ui.messages"), module("ui.runs")
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
    facts: dict[str, Any] = {
        "export": list(bpy.ops.defectory.export(filepath=path)),
        "problem": messages.problem,
    }
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
    facts["no_command_problem"] = messages.problem
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.command, preferences.blender = command, blender
    facts["no_farm"] = list(bpy.ops.defectory.submit())
    facts["no_farm_problem"] = messages.problem
    facts["render"] = list(bpy.ops.defectory.render_here())
    runs.wait()
    facts["data_set"] = str(runs.last.root)
    facts["report"] = bpy.ops.defectory.open_report.poll()

    bpy.ops.wm.read_homefile(use_empty=True)
    facts["opened"] = [list(bpy.ops.defectory.open_manifest(filepath=path)), messages.problem]
    scene = bpy.context.scene
    facts["kept"] = sorted(set(scene.objects.keys()) & {"Block", "Part"})
    bpy.ops.defectory.export(filepath=path)
    facts["identical"] = Path(path).read_text() == text
    scene.objects["Block"].location.x += 0.001
    bpy.ops.defectory.export(filepath=path)
    facts["changed"] = Path(path).read_text() != text
    scene.objects["Block"].name = "Renamed"
    facts["gone"] = [list(bpy.ops.defectory.export(filepath=path)), messages.problem]
    return facts


def _make_by_hand() -> bpy.types.Object:
    """A block and a sheet beside the part: two materials, a painted picture, more corners than a few."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=40, y_subdivisions=40, size=0.01, location=(0.03, 0, 0))
    bpy.context.object.name = "Sheet"
    bpy.ops.mesh.primitive_cube_add(size=0.01, location=(0.02, -0.02, 0.02))
    block = bpy.context.object
    block.name = "Block"
    for name in ("Hand-made", "Hand-made.001"):
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        block.data.materials.append(material)
    picture = bpy.data.images.new("Painted", 8, 8)
    block.data.materials[0].node_tree.nodes.new("ShaderNodeTexImage").image = picture
    return block


def opened_into(part: str, other: str, path: str) -> dict[str, Any]:
    """Export an inspection, then open it into files that hold this or that, and export it again."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    block, inspection, facts = _make_by_hand(), module("ui.inspection"), {}
    target = module("ui.foreign").target(block, "location", 2)
    bpy.ops.defectory.randomise(target=target, kind="uniform", scope="frame", low=0.01, high=0.03)
    bpy.ops.defectory.export(filepath=path)
    text = Path(path).read_text()

    def begin_anew() -> None:
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        enable()

    def crowd() -> None:
        begin_anew()
        _make_by_hand()
        bpy.data.node_groups.new("Painted", "ShaderNodeTree").use_fake_user = True

    def begin_another() -> None:
        begin_anew()
        bpy.ops.defectory.import_part(filepath=other)
        thing = _make_by_hand()
        bpy.ops.defectory.randomise(target=module("ui.foreign").target(thing, "location", 0), low=0, high=1)

    def move() -> None:
        bpy.context.scene.objects["Block"].location.x = 0.5

    ways = {"unchanged": lambda: None, "changed": move, "anew": begin_anew, "crowded": crowd, "another": begin_another}
    for name, prepare in ways.items():
        prepare()
        result = [list(bpy.ops.defectory.open_manifest(filepath=path)), module("ui.messages").problem]
        scene = bpy.context.scene
        held = scene.objects["Block"].location.z
        bpy.ops.defectory.export(filepath=path)
        facts[name] = {
            "result": result,
            "identical": Path(path).read_text() == text,
            "objects": sorted(scene.objects.keys()),
            "driven": [held, inspection.current.table.row(0)["objects.Block.location"]],
            "scenes": {one.name: sorted(one.objects.keys()) for one in bpy.data.scenes if one != scene},
        }
    return facts


def changed_by_hand(part: str, path: str) -> dict[str, bool]:
    """Whether an export notices what a person does between it and the one before; and that nothing else counts."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    block = _make_by_hand()
    sheet = bpy.data.objects["Sheet"]
    picture, slots = bpy.data.images["Painted"], block.data.materials

    def swap() -> None:
        slots[0], slots[1] = slots[1], slots[0]

    def paint() -> None:
        picture.pixels[0] = 0.75
        picture.update()

    def stretch() -> None:
        sheet.data.uv_layers[0].data[700].uv[0] += 0.25

    def look() -> None:
        bpy.context.scene.frame_set(0)
        sheet.select_set(True)
        bpy.data.meshes.new("Elsewhere").use_fake_user = True

    acts = {
        "nothing": lambda: None,
        "rename": lambda: setattr(block, "name", "Block.001"),
        "swap": swap,
        "paint": paint,
        "stretch": stretch,
        "corner": lambda: setattr(sheet.data.vertices[900].co, "z", 0.001),
        "look": look,
    }
    bpy.ops.defectory.export(filepath=path)
    noticed = {}
    for name, act in acts.items():
        before = Path(path).read_text()
        act()
        bpy.ops.defectory.export(filepath=path)
        noticed[name] = Path(path).read_text() != before
    return noticed
