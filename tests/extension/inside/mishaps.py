"""What goes wrong while an inspection is open."""

from __future__ import annotations

import json
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .addon import ADDON, enable, module, until
from .drawing import pages
from .sight import driven, frames_seen


def mishaps(manifest: str) -> dict[str, Any]:
    """Go past the end, delete the part, lose its prepared file: a message each, and the drivers live on."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, inspection = bpy.context.scene, module("ui.inspection")
    facts: dict[str, Any] = {"last": frames_seen([scene.frame_end])[0]["driven"]}
    scene.frame_set(scene.frame_end + 1000)
    facts["beyond"] = driven(scene)
    facts["beyond_problem"] = module("ui.messages").problem
    scene.frame_set(-5)
    facts["back"], facts["first"] = driven(scene), frames_seen([0])[0]["driven"]
    bpy.app.driver_namespace.pop("param")
    scene.frame_set(3)
    facts["failed"] = module("ui.drivers").run(scene, inspection.current.table)
    bpy.ops.defectory.wake_drivers()
    facts["woken"], facts["third"] = driven(scene), frames_seen([3])[0]["driven"]
    bpy.data.objects.remove(scene.defectory.part)
    scene.frame_set(scene.frame_end)
    facts["deleted_problem"] = module("ui.messages").problem
    facts["seed"] = module("ui.drivers").run(scene, inspection.current.table)
    return facts


def beside_the_window(pairs: str, command: str) -> dict[str, Any]:
    """What is watched fails while it is watched, as Blender's timers watch it, which it drops where one raises."""
    enable()
    jobs, runs, messages = module("ui.jobs"), module("ui.runs"), module("ui.messages")
    facts: dict[str, Any] = {}

    def fail(*_: str) -> None:
        raise ValueError("of a bug")

    ways = {"then": {"then": fail}, "hear": {"then": fail, "hear": fail}, "well": {"then": lambda: None}}
    scratches = []
    for kind, calls in ways.items():
        scratches.append(tempfile.TemporaryDirectory())
        jobs.begin(kind, kind, [sys.executable, "-c", "print('line')"], scratch=scratches[-1], **calls)
        # Before the next begins: the panel has one line.
        until(lambda: jobs._watch() is None)
        facts[kind] = [list(jobs.running), messages.problem, Path(scratches[-1].name).exists()]

    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.command, preferences.output_folder = command, str(Path(pairs).parents[1])
    manifest = module("contract").schema.from_dict({"name": Path(pairs).parent.name, "part": {"file": "box.stl"}})
    runs.begin(manifest, Path(pairs).parents[2] / "box.yaml", module("ui.preferences").settings(), farm=False)
    until(Path(pairs).is_file)
    facts["unreadable"] = [runs._watch(), messages.problem]
    Path(pairs).unlink()
    (Path(pairs) / "0000" / "0000007").mkdir(parents=True)
    until(lambda: runs._watch() and runs.run.done)  # it looks a twentieth of the time
    facts["readable"] = [messages.problem, runs.run.done]
    runs.cancel()
    until(lambda: runs._watch() is None)
    facts["ended"] = [runs.run is None, messages.problem]
    return facts


def _said() -> str:
    """What stands at the head of the panel."""
    return " ".join(pages()["InspectionPanel"] or [])


def behind_the_back(part: str, manifest: str) -> dict[str, Any]:
    """Take from a file that was never saved what an inspection stands on, and give it back."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    bpy.context.scene.defectory.manifest.repeats = 3
    bpy.ops.defectory.randomise(target="lights[0].radiance", kind="uniform", scope="frame", low=1, high=3)
    facts: dict[str, Any] = {"export": _export(manifest), "file": bpy.data.filepath, "well": _said()}
    text = Path(manifest).read_text()
    for harm in (_forbid_drivers, _delete_camera, _copy_part, _delete_part):
        bpy.ops.ed.undo_push(message="before")
        facts[harm.__name__.strip("_")] = harm(manifest)
    facts["cad"] = _lose_cad(part, manifest)
    facts["after"] = [_export(manifest), Path(manifest).read_text() == text, _said()]
    facts["disk"] = _fill_disk(manifest)
    facts["newer"] = _load_newer(str(Path(manifest).with_name("newer.blend")))
    return facts


def _export(manifest: str) -> list[Any]:
    return [list(bpy.ops.defectory.export(filepath=manifest)), module("ui.messages").problem]


def _forbid_drivers(manifest: str) -> list[Any]:
    scene, files = bpy.context.scene, bpy.context.preferences.filepaths
    scene.frame_set(1)
    alive = driven(scene)
    scene.frame_set(0)
    files.use_scripts_auto_execute = False
    bpy.app.driver_namespace.pop("param")
    scene.frame_set(1)
    said = _said()
    result = list(bpy.ops.defectory.allow_drivers())
    return [said, result, files.use_scripts_auto_execute, driven(scene) == alive, _said()]


def _delete_camera(manifest: str) -> list[Any]:
    bpy.data.objects.remove(bpy.context.scene.camera)
    said, refused = _said(), _export(manifest)
    result = list(bpy.ops.defectory.restore_rig())
    return [said, refused, result, bpy.context.scene.camera is not None, _said()]


def _copy_part(manifest: str) -> list[Any]:
    scene = bpy.context.scene
    copy = scene.defectory.part.copy()
    copy.data = copy.data.copy()
    scene.collection.objects.link(copy)
    said = [copy.name, _said()]
    bpy.data.objects.remove(copy)
    return [*said, _said()]


def _delete_part(manifest: str) -> list[Any]:
    bpy.data.objects.remove(bpy.context.scene.defectory.part)
    bpy.ops.ed.undo_push(message="deleted")
    said, refused, sheet = _said(), _export(manifest), list(bpy.ops.defectory.contact_sheet())
    bpy.ops.ed.undo()
    return [said, refused, sheet, bpy.context.scene.defectory.part.name]


def _lose_cad(part: str, manifest: str) -> list[Any]:
    """The CAD file is gone when the part must be prepared anew, and when another is imported that is none."""
    inspection, authoring, documents = (module(f"ui.{name}") for name in ("inspection", "authoring", "documents"))
    scene, group = bpy.context.scene, bpy.context.scene.defectory.manifest
    kept = Path(part).rename(part + ".kept")
    beside = Path(manifest).with_name(Path(part).name)
    copied = beside.rename(str(beside) + ".kept")
    facts: list[Any] = [_export(manifest)]
    unit, group.part.unit = group.part.unit, "m"
    facts.append([authoring.follow(scene), module("ui.messages").problem, module("ui.messages").problem_field])
    group.part.unit = unit
    torn = Path(part).with_name("torn.stl")
    torn.write_text("solid of nothing")
    for path in (part, str(torn)):
        before = [scene.defectory.document, inspection.current.table.manifest.part.file]
        facts.append([list(bpy.ops.defectory.import_part(filepath=path)), module("ui.messages").problem])
        facts.append(before == [scene.defectory.document, group.part.file])
    kept.rename(part)
    copied.rename(beside)
    facts.append([authoring.follow(scene), module("ui.messages").problem, documents.source(scene).name])
    return facts


def _fill_disk(manifest: str) -> dict[str, list[Any]]:
    """The disk takes no more when the .blend, the manifest or another folder is written, and then it does again."""
    scene, documents, folder = bpy.context.scene, module("ui.documents"), Path(manifest).parent
    elsewhere = str(folder / "elsewhere" / "b.yaml")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def state() -> list[Any]:
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in (".yaml", ".blend")]
        litter = [path.name for path in folder.rglob(".*")]
        return [{str(path): path.read_bytes() for path in files}, litter, str(documents.source(scene))]

    def refused(path: str, size: int, change: Callable[[], object]) -> list[Any]:
        change()
        before = state()
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        said = _export(path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        same = state() == before
        again = _export(path)
        rewritten = [name for name, content in state()[0].items() if before[0].get(name) != content]
        return [said, same, again, sorted(Path(name).name for name in rewritten)]

    def by_hand() -> None:
        scene.collection.objects.link(bpy.data.objects.new("By hand", None))

    def rename() -> None:
        scene.defectory.manifest.name = "renamed"
        module("ui.authoring").follow(scene)

    return {
        "blend": refused(manifest, 20_000, by_hand),
        "manifest": refused(manifest, 500, rename),
        "elsewhere": refused(elsewhere, 20_000, lambda: None),
    }


def _load_newer(blend: str) -> list[Any]:
    """A file whose manifest a later Defectory has written."""
    group = bpy.context.scene.defectory
    data = json.loads(group.document)
    data["manifest"]["contract"] = 99
    group.document = json.dumps(data)
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    document = group.document
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=False)
    return [_said(), bpy.context.scene.defectory.document == document, "Part" in bpy.context.scene.objects]
