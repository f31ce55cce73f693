"""Runs inside a Blender in which the built extension is installed: ``inside.py RESULT TASK [ARGUMENT...]``.

Nothing of the checkout is imported here. A task is a function of this file; what it returns goes to RESULT as JSON.
"""

from __future__ import annotations

import importlib
import itertools
import json
import math
import os
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

ADDON = "bl_ext.user_default.defectory"


def module(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{ADDON}.{name}")


def install(archive: str) -> None:
    """Install the zip for good, not enabled yet."""
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=False)


def enable() -> float:
    """Enable the extension and return the seconds that took: processor time, for test machines are shared."""
    start = time.process_time()
    bpy.ops.preferences.addon_enable(module=ADDON)
    return time.process_time() - start


def disable() -> None:
    bpy.ops.preferences.addon_disable(module=ADDON)


def registered() -> dict[str, list[str]]:
    """Everything that an add-on can leave behind."""
    found = {
        "types": [name for name in dir(bpy.types) if "defectory" in name.lower()],
        "subclasses": [
            one.__name__
            for base in (bpy.types.Operator, bpy.types.Panel, bpy.types.PropertyGroup, bpy.types.Menu)
            for one in base.__subclasses__()
            if one.__module__.startswith(ADDON) and one.is_registered
        ],
        "operators": list(dir(bpy.ops.defectory)),
        "scene": [name for name in ("defectory",) if hasattr(bpy.types.Scene, name)],
        "window manager": [name for name in ("defectory",) if hasattr(bpy.types.WindowManager, name)],
        "draw handlers": ["of ours" for _ in _draw_handlers()],
        "drivers": [name for name in ("param",) if name in bpy.app.driver_namespace],
    }
    for event in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, event)
        if isinstance(handlers, list):
            found["handlers." + event] = [h.__name__ for h in handlers if (h.__module__ or "").startswith(ADDON)]
    return {kind: names for kind, names in found.items() if names}


def _draw_handlers() -> list[Any]:
    """Handles that Blender knows, for it lists them nowhere."""
    drawing, photograph = (sys.modules.get(f"{ADDON}.ui.{name}") for name in ("overlays.drawing", "photograph.overlay"))
    return [] if drawing is None or photograph is None else drawing._handles + photograph.handles


def enabling(manifest: str) -> dict[str, Any]:
    """Enable, use, disable, and all of it again."""
    facts: dict[str, Any] = {"before": registered()}
    for turn in ("first", "second"):
        loaded = set(sys.modules)
        facts[f"{turn}_seconds"] = enable()
        facts[f"{turn}_loaded"] = sorted({name.split(".")[0] for name in set(sys.modules) - loaded})
        facts[f"{turn}_registered"] = registered()
        facts[f"{turn}_result"] = list(bpy.ops.defectory.open_manifest(filepath=manifest))
        facts[f"{turn}_used"] = registered()
        disable()
        facts[f"{turn}_left"] = registered()
    return facts


def origins(manifest: str) -> dict[str, Any]:
    """Where the modules that are at work come from."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    names = ["numpy", "yaml", "fast_simplification", "cascadio"]
    return {
        "files": {name: importlib.import_module(name).__file__ for name in names},
        "contract": module("contract").schema.__name__,
        "strays": [name for name in sys.modules if name.split(".")[0] in ("manifests", "blender_addon", "worker")],
        "problem": module("ui.inspection").problem,
    }


def _driven(scene: bpy.types.Scene) -> dict[str, float]:
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


def _geometry(scene: bpy.types.Scene) -> list[Any]:
    mesh = scene.defectory.part.data
    ids = {round(item.value) for item in mesh.attributes["defect_id"].data}
    return [len(mesh.vertices), sorted(ids), [round(c, 6) for v in list(mesh.vertices)[-3:] for c in v.co]]


def _frames(frames: list[int]) -> list[dict[str, Any]]:
    scene, seen = bpy.context.scene, []
    for frame in frames:
        scene.frame_set(frame)
        seen.append({"frame": frame, "driven": _driven(scene), "geometry": _geometry(scene)})
    return seen


def scrub(manifest: str, *frames: str) -> dict[str, Any]:
    """Go to frames in a scene opened by the operator, and say what was seen and what the panel says."""
    enable()
    result = bpy.ops.defectory.open_manifest(filepath=manifest)
    inspection, facts = module("ui.inspection"), module("ui.facts")
    seen = _frames([int(frame) for frame in frames])
    table = inspection.current.table
    return {
        "result": list(result),
        "seen": seen,
        "scene": bpy.context.scene.name,
        "range": [bpy.context.scene.frame_start, bpy.context.scene.frame_end],
        "manifest": facts.describe_manifest(table, inspection.current.report),
        "frames": [facts.describe_frame(table, int(frame)) for frame in frames],
        "parameters": [[one.identifier, one.text] for one in facts.drawn(table, int(frames[0]))],
        "live": module("ui.drivers").run(bpy.context.scene, table),
        "problem": inspection.problem,
    }


def save(manifest: str, blend: str, *frames: str) -> list[dict[str, Any]]:
    """Open a manifest, look at frames, save the file at the last of them."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    seen = _frames([int(frame) for frame in frames])
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    return seen


def load(blend: str, *frames: str) -> dict[str, Any]:
    """Load a file that was saved, as one that is not trusted, and look at the frame it opens with and at others."""
    enable()
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=False)
    inspection = module("ui.inspection")
    first = {"frame": bpy.context.scene.frame_current, "driven": _driven(bpy.context.scene)}
    return {
        "first": first | {"geometry": _geometry(bpy.context.scene)},
        "problem": inspection.problem,
        "report": inspection.current.report is not None,
        "seen": _frames([int(frame) for frame in frames]),
        "problem_after": inspection.problem,
    }


def enable_late(blend: str, *frames: str) -> dict[str, Any]:
    """Load a file without the extension, whose drivers then fail, and enable it only after."""
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=False)
    bpy.context.scene.frame_set(0)
    enable()
    module("ui.handlers")._follow_soon()  # Blender's timer, which does not run without a window
    return {"seen": _frames([int(frame) for frame in frames]), "problem": module("ui.inspection").problem}


def refuse(*paths: str) -> list[dict[str, Any]]:
    """Try to open files that cannot be opened."""
    enable()
    inspection, answers = module("ui.inspection"), []
    for path in paths:
        before = {name: len(getattr(bpy.data, name)) for name in ("objects", "scenes", "materials", "meshes", "worlds")}
        result = bpy.ops.defectory.open_manifest(filepath=path)
        after = {name: len(getattr(bpy.data, name)) for name in before}
        answers.append({"result": list(result), "problem": inspection.problem, "unchanged": before == after})
    return answers


def reopen(first: str, second: str) -> dict[str, Any]:
    """Open one manifest over another in a file in which a person has made things."""
    enable()
    mine = bpy.data.collections.new("Rig")
    bpy.context.scene.collection.children.link(mine)
    bpy.ops.defectory.open_manifest(filepath=first)
    counts = []
    light = bpy.data.objects.new("Hand-made", bpy.data.lights.new("Hand-made", "POINT"))
    bpy.context.scene.collection.objects.link(light)
    for path in (second, first, second):
        bpy.context.scene.frame_set(bpy.context.scene.frame_end)
        bpy.ops.defectory.open_manifest(filepath=path)
        names = ("objects", "scenes", "materials", "meshes", "worlds", "collections", "lights", "node_groups")
        counts.append({name: len(getattr(bpy.data, name)) for name in names})
    scene = bpy.context.scene
    return {
        "problem": module("ui.inspection").problem,
        "scene": scene.name,
        "counts": counts,
        "hand_made": "Hand-made" in scene.objects,
        "rig": [mine.name, list(bpy.data.scenes["Scene"].collection.children.keys())],
        "seen": _frames([0]),
    }


def mishaps(manifest: str) -> dict[str, Any]:
    """Go past the end, delete the part, lose its prepared file: a message each, and the drivers live on."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, inspection = bpy.context.scene, module("ui.inspection")
    facts: dict[str, Any] = {"last": _frames([scene.frame_end])[0]["driven"]}
    scene.frame_set(scene.frame_end + 1000)
    facts["beyond"] = _driven(scene)
    facts["beyond_problem"] = inspection.problem
    scene.frame_set(-5)
    facts["back"], facts["first"] = _driven(scene), _frames([0])[0]["driven"]
    bpy.app.driver_namespace.pop("param")
    scene.frame_set(3)
    facts["failed"] = module("ui.drivers").run(scene, inspection.current.table)
    bpy.ops.defectory.wake_drivers()
    facts["woken"], facts["third"] = _driven(scene), _frames([3])[0]["driven"]
    bpy.data.objects.remove(scene.defectory.part)
    scene.frame_set(scene.frame_end)
    facts["deleted_problem"] = inspection.problem
    facts["seed"] = module("ui.drivers").run(scene, inspection.current.table)
    return facts


def render(manifest: str, frame: str, folder: str) -> dict[str, Any]:
    """Render a still at a frame: the handlers must neither fail nor touch the mesh meanwhile."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene = bpy.context.scene
    scene.render.resolution_percentage, scene.cycles.samples = 10, 1
    scene.frame_set(int(frame))
    before = scene.defectory.part.data.name
    bpy.ops.render.render()
    inspection = module("ui.inspection")
    still = {"same": scene.defectory.part.data.name == before, "problem": inspection.problem}
    # An animation across instances: not what the manifest says, and that must not pass without a word.
    scene.frame_end = scene.frame_current + 2
    scene.frame_start, scene.render.filepath = scene.frame_current, folder + "/"
    bpy.ops.render.render(animation=True)
    return still | {"rendering": inspection.rendering, "animation": inspection.render_problem}


def picture(manifest: str, folder: str, *frames: str) -> list[str]:
    """Render frames as F12 does, after scrubbing to each, with the file format of the farm."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, paths = bpy.context.scene, []
    module("render").prepare_output(scene)
    for frame in frames:
        scene.frame_set(int(frame))
        scene.render.filepath = str(Path(folder) / f"{frame}.exr")
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths


def same_as_function(manifest: str) -> dict[str, Any]:
    """What the operator and what the function make of a manifest."""
    enable()
    seen = []
    for act in (
        lambda: bpy.ops.defectory.open_manifest(filepath=manifest),
        lambda: module("ui.inspection").open_manifest(Path(manifest), bpy.context.window),
    ):
        act()
        seen.append(_frames([0, 5]))
    return {"operator": seen[0], "function": seen[1]}


def drawing(manifest: str) -> dict[str, Any]:
    """What the panels put on screen, written down by a layout that is none."""
    enable()
    panels = module("ui.panels")

    class Layout:
        """Writes down what is drawn on it, in order; whatever else a layout can do leads to more of the same."""

        def __init__(self, said: list[str]) -> None:
            self.said = said

        def label(self, text: str = "", **_: Any) -> None:
            if text:
                self.said.append(text)

        def operator(self, name: str, **_: Any) -> Any:
            self.said.append(name)
            return type("Button", (), {})()

        def prop(self, owner: Any, name: str, **_: Any) -> None:
            self.said.append(name)

        def operator_menu_enum(self, name: str, property_name: str, **_: Any) -> None:
            self.said.append(name)

        def template_list(self, kind: str, identifier: str, owner: Any, name: str, *_: Any, **__: Any) -> None:
            self.said.append(f"list {name}: {len(getattr(owner, name))}")

        def menu(self, name: str, **_: Any) -> None:
            self.said.append(name)

        def row(self, **_: Any) -> Layout:
            return self

        box = split = column = row

    class Context:
        region = type("Region", (), {"width": 300})
        preferences = bpy.context.preferences

        @property
        def scene(self) -> bpy.types.Scene:
            return bpy.context.scene

    def draw() -> dict[str, list[str] | None]:
        pages: dict[str, list[str] | None] = {}
        for panel in panels.CLASSES:
            if not issubclass(panel, bpy.types.Panel):
                continue
            said: list[str] = []
            stand_in = type("Panel", (), {"layout": Layout(said)})()
            shown = not hasattr(panel, "poll") or panel.poll(Context())
            if shown:
                panel.draw(stand_in, Context())
            pages[panel.__name__] = said if shown else None
        return pages

    facts: dict[str, Any] = {"empty": draw()}
    bpy.ops.defectory.open_manifest(filepath=manifest + ".missing")
    facts["refused"] = draw()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    facts["open"] = draw()
    bpy.context.scene.frame_set(1000)
    facts["beyond"] = draw()
    return facts


def _state() -> dict[str, Any]:
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
        "geometry": _geometry(scene),
        "problem": inspection.problem,
    }


def author(part: str, folder: str) -> dict[str, Any]:
    """From an empty file to a whole inspection, by operators and properties alone; each as its function does it."""
    enable()
    answer = {"begun": list(bpy.ops.defectory.import_part(filepath=part))}
    scene, authoring = bpy.context.scene, module("ui.authoring")
    group = scene.defectory.manifest
    answer["first"] = _state()
    mine = bpy.data.objects.new("Mine", bpy.data.lights.new("Mine", "POINT"))
    scene.collection.objects.link(mine)

    group.instances, group.repeats = 3, 2
    group.lights[0].diffuser.radiance = 2.5
    group.surface.kind = "brushed"
    assert authoring.follow(scene), module("ui.inspection").problem
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
    answer["whole"] = _state() | {"frame": scene.frame_current, "mine": "Mine" in scene.objects}
    answer["frames"] = [
        [frame, next(o.data.energy for o in scene.objects if o.name.startswith("spot_2"))]
        for frame in range(scene.frame_end + 1)
        if not scene.frame_set(frame)
    ]
    Path(folder, "authored.json").write_text(json.dumps(answer["whole"]["manifest"]))
    return answer


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
    facts["problem"] = inspection.problem
    bpy.ops.defectory.stop_randomising(target=targets[0])
    facts["stopped"] = [len(lamp.animation_data.drivers), len(group.parameters)]
    return facts


def presets(step: str, stl: str) -> dict[str, Any]:
    """Every preset in turn, and a surface on selected faces of parts that know CAD faces and that do not."""
    enable()
    bpy.ops.defectory.import_part(filepath=step)
    scene, inspection, ui = bpy.context.scene, module("ui.inspection"), module("ui.presets")
    facts: dict[str, Any] = {"rigs": {}, "surfaces": {}}
    bpy.ops.defectory.randomise(target="lights[0].radiance", kind="uniform", low=1, high=2)
    for name in ui.RIGS:
        result = list(bpy.ops.defectory.apply_rig(name=name))
        facts["rigs"][name] = [result, inspection.problem, _state()["manifest"]]
    for name in ui.SURFACES:
        result = list(bpy.ops.defectory.apply_surface(name=name))
        facts["surfaces"][name] = [result, inspection.problem, inspection.current.table.manifest.surface.KIND]
    facts["chosen"] = []
    for path in (step, stl):
        bpy.ops.defectory.import_part(filepath=path)
        part = scene.defectory.part
        for face in part.data.polygons:
            face.select = False
        facts["none"] = [list(bpy.ops.defectory.surface_on_selection()), inspection.problem]
        for face in part.data.polygons:
            face.select = face.normal.z > 0.99999 and face.center.z > 0.0
        result = list(bpy.ops.defectory.surface_on_selection())
        manifest = module("contract").schema.to_dict(inspection.current.table.manifest)
        chosen = [face.normal.z for face in scene.defectory.part.data.polygons if face.material_index == 1]
        facts["chosen"].append(
            [result, inspection.problem, manifest["surfaces"][-1:], len(chosen), min(chosen, default=0)]
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
            assert module("ui.authoring").follow(scene), module("ui.inspection").problem
        module("render").prepare_output(scene)
        scene.frame_set(1)
        scene.render.filepath = str(Path(folder) / f"{way}.exr")
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths


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


def _seen_mm2(judged: Any) -> float:
    """Area of the triangles that are coloured as seen."""
    picture = module("geometry.coverage.picture")
    a, b, c = judged.corners_mm.transpose(1, 0, 2)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    unseen = [np.abs(judged.colours - color).max(axis=1) < 1e-6 for color in (picture.MISSED, picture.UNREACHABLE)]
    return float(areas[~(unseen[0] | unseen[1])].sum())


_OF_CAMERA = ("offset_mm", "tilt_deg")


def live(manifest: str, still: str, frame: str) -> dict[str, Any]:
    """Everything that works beside the window, and what it should be compared with."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, inspection, jobs = bpy.context.scene, module("ui.inspection"), module("ui.jobs")
    mask, overlays = module("ui.overlays.mask"), module("ui.overlays.classes")
    table = inspection.current.table
    # By hand: the previews must show it.
    bpy.ops.mesh.primitive_cube_add(size=0.01, location=(0.02, -0.02, 0.02))
    facts: dict[str, Any] = {"begun": list(bpy.ops.defectory.contact_sheet()), "kinds": list(jobs.running)}
    jobs.wait("sheet")
    assert inspection.problem == "", inspection.problem
    facts["frames"], facts["problem"] = module("ui.contact_sheet").frames, inspection.problem
    image = bpy.data.images["Contact Sheet"]
    facts["sheet"] = [list(image.size), [round(255 * value) for value in image.pixels[:]]]

    scene.frame_set(int(frame))
    mask.begin(scene)
    jobs.wait("mask")
    assert inspection.problem == "", inspection.problem
    painted = mask.colours(scene)
    facts["mask"] = [list(painted.shape), [round(255 * float(value)) for value in painted.ravel()]]
    a, b, c = mask.rectangles(painted)[0].reshape(-1, 3, 3).transpose(1, 0, 2)
    facts["drawn"] = float(np.cross(b - a, c - a)[:, 2].sum() / 2)
    # In the manifest a mask has as many samples as its image, in a preview one.
    stills = []
    module("render").prepare_output(scene)
    for samples, name in ((scene.cycles.samples, "image"), (1, "mask")):
        scene.cycles.samples, scene.render.filepath = samples, f"{still}_{name}.exr"
        bpy.ops.render.render(write_still=True)
        stills.append(scene.render.filepath)
    facts["stills"], facts["defects"] = stills, inspection.current.inspection.defects

    corners, colours = overlays.corners_m(scene.defectory.part, table.manifest)
    ids = [round(item.value) for item in scene.defectory.part.data.attributes["defect_id"].data]
    facts["marked"] = [len(corners), len(colours), sum(number > 0 for number in ids)]
    view = module("contract").sampling.locate_frame(table.manifest, int(frame)).view
    # What is drawn shows the camera without what its parameters draw.
    drawn = {name: tuple(table.field(f"camera.{name}[{k}]", int(frame)) for k in range(3)) for name in _OF_CAMERA}
    lines = module("ui.overlays.cameras").lines_mm(table.viewpoints, replace(table.manifest.camera, **drawn))[view]
    camera = scene.camera
    facts["camera"] = [
        [list(camera.matrix_world @ corner) for corner in camera.data.view_frame(scene=scene)],
        list(camera.matrix_world.translation),
        lines.tolist(),
    ]

    bpy.ops.defectory.compute_coverage()
    jobs.wait("coverage")
    coverage = module("ui.overlays.coverage")
    facts["coverage"] = coverage.current(scene).numbers
    facts["seen_mm2"] = _seen_mm2(coverage.judged)
    facts["shown"] = bpy.context.window_manager.defectory.coverage
    facts["coverage_problem"] = inspection.problem
    scene.defectory.manifest.camera.focal_length_mm *= 1.1
    module("ui.authoring").follow(scene)
    facts["view"] = [scene.view_settings.view_transform, scene.view_settings.look, scene.view_settings.exposure]
    facts["outdated"] = coverage.current(scene) is None

    bpy.ops.defectory.contact_sheet()
    process, scratch = jobs.running["sheet"].process, jobs.running["sheet"].scratch.name
    bpy.ops.defectory.cancel_job(kind="sheet")
    facts["cancelled"] = [list(jobs.running), process.poll() is not None, Path(scratch).exists()]
    bpy.ops.defectory.contact_sheet()
    process = jobs.running["sheet"].process
    disable()
    facts["left"] = [registered(), process.poll() is not None]
    return facts


def photograph(part: str, folder: str) -> dict[str, Any]:
    """Take a photograph with Blender from a known pose, lose the pose, and find it again from points and pixels."""
    from bpy_extras.object_utils import world_to_camera_view

    enable()
    bpy.ops.defectory.import_part(filepath=part)
    scene, inspection = bpy.context.scene, module("ui.inspection")
    group, ours, follow = scene.defectory.manifest, scene.defectory.photograph, module("ui.authoring").follow
    group.camera.sensor_px, group.camera.image_px, group.camera.region_px = (1000, 800), (96, 72), (100, 60, 800, 600)
    group.camera.use_region_px, group.render.samples = True, 8
    group.camera.offset_mm, group.camera.tilt_deg, group.part.rotation_deg = (3, -2, 5), (1, -2, 3), (10, 20, 30)
    group.views.ring.elevation_deg, group.views.ring.count, group.views.ring.start_deg = 40, 2, 25
    assert follow(scene), inspection.problem
    answer: dict[str, Any] = {"camera": [list(row) for row in scene.camera.matrix_world]}
    path = str(Path(folder, "photograph.png"))
    scene.view_settings.view_transform, scene.view_settings.exposure = "Standard", -1.0
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode = "PNG", "RGB"
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)

    # As a person would: corners that stick out, and pixels to the half.
    shown = scene.defectory.part
    places = [vertex.co.copy() for vertex in shown.data.vertices]
    chosen = [
        max(places, key=lambda v: sum(s * x for s, x in zip(signs, v)))
        for signs in itertools.product((-1, 1), repeat=3)
    ]
    pixels = []
    for point in chosen:
        across, up, _ = world_to_camera_view(scene, scene.camera, shown.matrix_world @ point)
        pixels.append([round(2 * across * 96) / 2, round(2 * (1 - up) * 72) / 2])
    matches = [([1000 * x for x in point], pixel) for point, pixel in zip(chosen, pixels)]

    answer["no_photograph"] = bpy.ops.defectory.match_point.poll()
    answer["missing"] = [list(bpy.ops.defectory.load_photograph(filepath=path + ".png")), inspection.problem]
    images = set(bpy.data.images)
    answer["load"] = [list(bpy.ops.defectory.load_photograph(filepath=path)), set(bpy.data.images) == images]
    refused = []
    line = [matches[0], *(([x, 0.0, 0.0], [x, 2 * x]) for x in (10, 20, 30))]
    for some in (matches[:3], [([x, x, x], pixel) for x, (_, pixel) in enumerate(matches)], line[1:] + line[1:]):
        ours.points.clear()
        for point, pixel in some:
            bpy.ops.defectory.match_point("EXEC_DEFAULT", point_mm=point, pixel_px=pixel)
        refused.append([list(bpy.ops.defectory.solve_camera()), inspection.problem, group.views.kind])
    answer["refused"] = refused
    ours.points.clear()
    for point, pixel in matches:
        bpy.ops.defectory.match_point("EXEC_DEFAULT", point_mm=point, pixel_px=pixel)

    group.views.ring.start_deg, group.views.ring.elevation_deg = 200, 10
    assert follow(scene)
    bpy.ops.ed.undo_push(message="before")
    answer["solve"] = [list(bpy.ops.defectory.solve_camera()), inspection.problem]
    answer["residual"] = [ours.residual_px, [point.error_px for point in ours.points]]
    answer["solved"] = [list(row) for row in scene.camera.matrix_world]
    bpy.ops.ed.undo_push(message="after")
    answer["manifest"] = module("contract").schema.to_dict(inspection.current.table.manifest)

    answer["compare"] = [list(bpy.ops.defectory.compare_render())]
    module("ui.jobs").wait("comparison")
    answer["compare"].append(inspection.problem)
    comparison = module("ui.photograph.comparison")
    before = comparison.held
    answer["likeness"] = [before.overlap, before.stops, before.means]
    answer["exposure"] = [
        list(bpy.ops.defectory.match_exposure()),
        inspection.current.table.field("output.exposure_stops", 0),
    ]
    after = comparison.held
    answer["matched"] = [after.overlap, after.stops, after.means, after.row_difference(0.5)]
    bpy.ops.ed.undo_push(message="exposure")
    for _ in range(2):
        bpy.ops.ed.undo()
    scene = bpy.context.scene
    answer["undone"] = [scene.defectory.manifest.views.kind, inspection.current.table.manifest.view_count]

    # A camera of another shape.
    scene.defectory.manifest.camera.image_px = (72, 72)
    scene.defectory.manifest.camera.use_region_px = False
    assert follow(scene)
    answer["shape"] = [list(bpy.ops.defectory.solve_camera()), inspection.problem]
    disable()
    answer["left"] = registered()
    return answer


def main(arguments: list[str]) -> None:
    result, task, *rest = arguments
    code = 0
    try:
        Path(result).write_text(json.dumps(globals()[task](*rest)))
    except BaseException:
        traceback.print_exc()
        code = 1
    # With drivers in place, Blender's own way out can hang.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :])
