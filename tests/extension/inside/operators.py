"""Every operator that changes a scene: done, undone, done again, and done by the function that it calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.object_utils import world_to_camera_view

from .addon import enable, module
from .sight import geometry

Act = Callable[[], object]


def each(part: str, other: str, manifest: str, folder: str) -> dict[str, Any]:
    """Of each operator: its result, and in which respects it, undo, redo and its function leave another scene."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    bpy.ops.mesh.primitive_cube_add(size=0.01, location=(0.02, -0.02, 0.02))
    bpy.context.object.name = "Block"
    for kind in ("dent", "scratch"):
        bpy.ops.defectory.add_item(path="defects", kind=kind)
    _group().instances = 3
    _follow()
    facts = {}
    for name, (arguments, prepare, function) in _operators(part, other, manifest, folder).items():
        prepare()
        bpy.ops.ed.undo_push(message="before")
        before = _seen()
        result = list(getattr(bpy.ops.defectory, name)("EXEC_DEFAULT", True, **arguments))
        after = _seen()
        problem = module("ui.messages").problem
        bpy.ops.ed.undo()
        _follow()
        undone = _seen()
        bpy.ops.ed.redo()
        _follow()
        redone = _seen()
        bpy.ops.ed.undo()
        _follow()
        if function is not None:
            function()
        facts[name] = {
            "result": result,
            "problem": problem,
            "changes": _differing(before, after),
            "undo": _differing(before, undone),
            "redo": _differing(after, redone),
            "function": _differing(after, _seen()) if function is not None else [],
        }
    return {"names": dir(bpy.ops.defectory), "operators": facts}


def _operators(part: str, other: str, manifest: str, folder: str) -> dict[str, tuple[dict[str, Any], Act, Act | None]]:
    """Arguments of each operator, what comes before it, and what it does; None: it writes files, each time others."""
    authoring, inspection, opening = (module(f"ui.{name}") for name in ("authoring", "inspection", "opening"))
    lists, parameters = module("ui.model.lists"), module("ui.model.parameters")
    presets, selection = module("ui.presets"), module("ui.selection")
    picture, photograph = str(Path(folder, "photograph.png")), _photograph
    bpy.data.images.new("shot", 96, 96).save(filepath=picture)
    target = "surface.roughness"

    def at_rest() -> None:
        pass

    def edit(change: Callable[[Any], object]) -> Act:
        return lambda: (change(_group()), _follow())

    def draw() -> None:
        parameters.add(_group(), target, "uniform", 0.2, 0.4, "frame")
        _follow()

    def load() -> None:
        module("ui.photograph.picture").read(picture)
        photograph().file = picture

    def match() -> None:
        load()
        photograph().points.clear()
        for point_mm, pixel_px in _corners():
            _add_point(point_mm, pixel_px)

    def select() -> None:
        for face in bpy.context.scene.defectory.part.data.polygons:
            face.select = face.normal.z > 0.9

    def on_selection() -> None:
        scene = bpy.context.scene
        authoring.add_surface(scene, selection.region(*inspection.shown_part(scene)))
        _follow()

    def lose_rig() -> None:
        bpy.data.objects.remove(bpy.context.scene.camera)

    def replace(change: Callable[[], dict[str, Any]]) -> Act:
        return lambda: authoring.replace(bpy.context.scene, change())

    def next_instance() -> None:
        scene, table = bpy.context.scene, inspection.current.table
        scene.frame_set(scene.frame_current + table.manifest.frames_per_instance)

    exported = Path(folder, "exported", "a.yaml")
    radius_mm = module("ui.documents").radius_mm
    rig = presets.RIGS["ring_light"][1]
    return {
        "add_item": (
            {"path": "lights", "kind": "spot"},
            at_rest,
            edit(lambda group: lists.add(group, "lights", "spot")),
        ),
        "move_item": ({"path": "lights", "step": -1}, at_rest, edit(lambda group: lists.move(group, "lights", -1))),
        "copy_item": ({"path": "defects"}, at_rest, edit(lambda group: lists.duplicate(group, "defects"))),
        "remove_item": (
            {"path": "defects", "index": 0},
            at_rest,
            edit(lambda group: lists.remove(group, "defects", 0)),
        ),
        "randomise": (
            {"target": target, "kind": "uniform", "scope": "frame", "low": 0.2, "high": 0.4},
            at_rest,
            draw,
        ),
        "stop_randomising": ({"target": target}, at_rest, edit(lambda group: parameters.remove(group, target))),
        "new_draw": ({}, at_rest, edit(lambda group: setattr(group, "seed", "1"))),
        "next_instance": ({}, at_rest, next_instance),
        "restore_rig": ({}, lose_rig, lambda: inspection.rebuild(bpy.context.scene)),
        "apply_surface": (
            {"name": "brushed"},
            at_rest,
            replace(lambda: {"surface": presets.SURFACES["brushed"][1]}),
        ),
        "apply_rig": ({"name": "ring_light"}, at_rest, replace(lambda: rig(radius_mm(bpy.context.scene)))),
        "surface_on_selection": ({}, select, on_selection),
        "load_photograph": ({"filepath": picture}, at_rest, load),
        "match_point": (
            {"point_mm": (1, 2, 3), "pixel_px": (4, 5)},
            load,
            lambda: _add_point((1, 2, 3), (4, 5)),
        ),
        "remove_point": ({}, at_rest, lambda: photograph().points.remove(0)),
        "solve_camera": ({}, match, lambda: module("ui.photograph.matching").solve(bpy.context.scene)),
        "remove_photograph": ({}, at_rest, lambda: setattr(photograph(), "file", "")),
        "export": ({"filepath": str(exported)}, at_rest, None),
        "import_part": ({"filepath": other}, at_rest, lambda: authoring.import_part(Path(other), bpy.context.scene)),
        "open_manifest": (
            {"filepath": manifest},
            at_rest,
            lambda: opening.open_manifest(Path(manifest), bpy.context.window),
        ),
    }


def _corners() -> list[tuple[list[float], list[float]]]:
    """Vertices of the part, mm, and where the camera sees them in a photograph of 96 x 96."""
    scene = bpy.context.scene
    part, camera = scene.defectory.part, scene.camera
    found = []
    for vertex in list(part.data.vertices)[:: len(part.data.vertices) // 12]:
        across, up, _ = world_to_camera_view(scene, camera, part.matrix_world @ vertex.co)
        found.append(([1000 * x for x in vertex.co], [96 * across, 96 * (1 - up)]))
    return found


def _add_point(point_mm: Any, pixel_px: Any) -> None:
    point = _photograph().points.add()
    point.point_mm, point.pixel_px = point_mm, pixel_px
    _photograph().points_index = len(_photograph().points) - 1


def _group() -> Any:
    return bpy.context.scene.defectory.manifest


def _photograph() -> Any:
    return bpy.context.scene.defectory.photograph


def _follow() -> None:
    """What the timer of a window does after an edit."""
    assert module("ui.authoring").follow(bpy.context.scene), module("ui.messages").problem


def _seen() -> dict[str, Any]:
    scene, inspection, to_dict = bpy.context.scene, module("ui.inspection"), module("contract").schema.to_dict
    assert inspection.is_open(scene), module("ui.messages").problem
    points = [[*point.point_mm, *point.pixel_px] for point in _photograph().points]
    return {
        "wanted": to_dict(module("ui.authoring").wanted(scene)),
        "built": module("ui.documents").manifest_data(scene),
        "holds": module("scene.fingerprint").fingerprint(scene),
        "camera": scene.camera is not None,
        "geometry": geometry(scene),
        "frame": scene.frame_current,
        "photograph": [_photograph().file, points],
        "scenes": sorted(one.name for one in bpy.data.scenes),
        "objects": sorted(one.name for one in scene.objects),
    }


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [key for key in one if one[key] != other[key]]
