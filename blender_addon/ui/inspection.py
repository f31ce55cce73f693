"""What is open: a manifest becomes a scene, a scene becomes live again after loading, undo and redo.

What a scene needs beyond its ``.blend`` (the table behind the drivers, the prepared part) is held here, for the one
manifest that is open; all else is in the scene itself, so that Blender's own undo and files carry it.

Whatever builds scenes is imported only where it is used, so that enabling the extension is quick.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..contract import errors, sampling, schema, viewpoints
from . import drivers
from .facts import clamp_frame
from .model import values
from .properties import of

if TYPE_CHECKING:
    from ..geometry.mesh import Mesh
    from ..geometry.preparation.part_report import PartReport
    from ..scene.build import InspectionScene
    from .prepared import FoundPart


@dataclass
class Open:
    """The manifest that is open.

    Attributes:
        document: what the scene keeps of it.
        table: values by frame.
        inspection: the scene with its prepared part; None where the part's file is gone, so that no other instance can
            be shown.
        report: what became of the CAD file; None likewise.
        written: the document when it was last read from or written to the manifest's file; empty: never.
    """

    document: str
    table: sampling.Table
    inspection: InspectionScene | None = None
    report: PartReport | None = None
    written: str = ""


current: Open | None = None
problem = ""
"""The last thing that went wrong, for the panel; empty when all is well."""
problem_field = ""
"""The field of the manifest that it is about, as far as that is known."""
render_problem = ""
"""Likewise of the last render in the window."""
rendering = False


def open_manifest(path: Path, window: bpy.types.Window | None = None) -> bpy.types.Scene:
    """Build the scene of a manifest, in a scene of its own; it replaces one that was opened before.

    Objects that a person put into the former scene move over. Where anything fails, the file stays as it was.

    Args:
        path: the manifest, YAML or JSON.
        window: that shows the scene from now on.

    Raises:
        UserError: the manifest, the CAD file or the disk is at fault.
    """
    scene = show_manifest(read(path), path, window)
    assert current is not None
    current.written = current.document
    return scene


def show_manifest(manifest: schema.Manifest, source: Path, window: bpy.types.Window | None = None) -> bpy.types.Scene:
    """:func:`open_manifest` for a manifest that need not be written yet; ``source`` is where it lies or would lie."""
    global current
    from ..scene.build import build_scene
    from ..scene.marks import built
    from ..scene.stored import append_scene, take_scene
    from .prepared import get_part

    found = get_part(manifest.the_part(), source.parent)
    bounds = viewpoints.Bounds.of(found.mesh.vertices_mm)
    viewpoints.plan(manifest.views, manifest.camera, bounds)  # may refuse, before anything is touched
    former, before = inspection_scenes(), set(bpy.data.user_map())
    # Before any scene is removed: what is removed can no longer be compared. A copy bears the name of its original.
    outdated = built()
    try:
        if manifest.blend is None:
            scene = bpy.data.scenes.new(manifest.name)
            inspection = build_scene(manifest, found.mesh, scene, source.parent)
        else:
            scene = append_scene(manifest, source.parent)
            inspection = take_scene(scene, manifest, found.mesh, source.parent)
        inspection.show_geometry(0)
    except BaseException:
        bpy.data.batch_remove(set(bpy.data.user_map()) - before)
        if current is not None:
            drivers.install(current.table)
        raise
    _bring_up(inspection, found, source)
    values.fill(of(scene).manifest, schema.Manifest, schema.to_dict(manifest))
    if window is not None:
        window.scene = scene
        look_through_camera(window)
    for old in former:
        _hand_over(old, scene, outdated)
    bpy.data.batch_remove(outdated)
    # The drivers of a scene write their values only once it has been evaluated; Blender 4.5 does not do so by itself.
    scene.view_layers[0].update()
    scene.frame_set(0)
    return scene


def look_through_camera(window: bpy.types.Window) -> None:
    """Show in each 3D view what the camera sees: a part of a few millimetres is lost in Blender's usual view."""
    for area in window.screen.areas:
        if area.type == "VIEW_3D":
            area.spaces.active.region_3d.view_perspective = "CAMERA"


def _through_camera(window: bpy.types.Window) -> list[Any]:
    """The 3D views of a window that show what the camera sees."""
    views = [area.spaces.active for area in window.screen.areas if area.type == "VIEW_3D"]
    return [space for space in views if space.region_3d.view_perspective == "CAMERA"]


def change_manifest(scene: bpy.types.Scene, manifest: schema.Manifest, found: FoundPart) -> None:
    """Make a scene that of another manifest, building anew only what the change concerns.

    Args:
        scene: an inspection scene.
        manifest: what it is to show.
        found: its prepared part.

    Raises:
        UserError: the change does not suit the part; the scene is as it was.
    """
    from ..scene.change import change_scene

    inspection = _bound(scene)
    assert inspection is not None
    mesh = inspection.given if found.stored == stored_part(scene) else found.mesh
    looking = [space for window in bpy.context.window_manager.windows for space in _through_camera(window)]
    inspection = change_scene(inspection, manifest, mesh, source(scene).parent)
    _bring_up(inspection, found, source(scene))
    for space in looking:  # Blender steps back from a camera that is replaced
        space.region_3d.view_perspective = "CAMERA"
    inspection.show_geometry(clamp_frame(inspection.table, scene.frame_current))
    scene.view_layers[0].update()
    scene.frame_set(scene.frame_current)


def rebuild(scene: bpy.types.Scene) -> None:
    """Build everything of an inspection scene anew, as after a person has deleted some of it.

    Raises:
        UserError: the part itself is gone.
    """
    from ..scene.change import change_scene

    inspection = _bound(scene)
    assert inspection is not None and current is not None
    home = source(scene).parent
    inspection = change_scene(inspection, inspection.table.manifest, inspection.given, home, anew=True)
    current.inspection, current.table = inspection, inspection.table
    drivers.install(inspection.table)
    inspection.show_geometry(clamp_frame(inspection.table, scene.frame_current))
    scene.view_layers[0].update()
    scene.frame_set(scene.frame_current)


def _bring_up(inspection: InspectionScene, found: FoundPart, source: Path) -> None:
    global current
    group, manifest = of(inspection.scene), inspection.table.manifest
    bounds = viewpoints.Bounds.of(found.mesh.vertices_mm)
    group.document, group.part = _document(manifest, source, found.stored, bounds), inspection.part
    written = current.written if current is not None else ""
    current = Open(group.document, inspection.table, inspection, found.report, written)
    drivers.install(inspection.table)


def source(scene: bpy.types.Scene) -> Path:
    """Where the manifest of an inspection scene lies, or would lie if it were written."""
    return Path(json.loads(of(scene).document)["source"])


def exported(scene: bpy.types.Scene) -> bool:
    """Whether the manifest of an inspection scene lies on the disk as it is shown."""
    return current is not None and is_open(scene) and current.written == current.document


def move(scene: bpy.types.Scene, path: Path) -> None:
    """Have the manifest of an inspection scene lie at another path, from whose folder its own paths start."""
    _note(scene, source=str(path))


def set_written(scene: bpy.types.Scene, manifest: schema.Manifest) -> None:
    """Remember that the manifest's file says what the scene shows."""
    _note(scene, manifest=schema.to_dict(manifest))
    assert current is not None
    current.written = current.document


def _note(scene: bpy.types.Scene, **changes: Any) -> None:
    of(scene).document = _json({**json.loads(of(scene).document), **changes})
    if current is not None:
        current.document = of(scene).document


def part_of(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The object that shows the instances; None where it was deleted."""
    part = of(scene).part
    return part if part is not None and part.type == "MESH" and part.name in scene.objects else None


def radius_mm(scene: bpy.types.Scene) -> float:
    """Radius of the bounding sphere of the part of an inspection scene."""
    return float(json.loads(of(scene).document)["radius_mm"])


def shown_part(scene: bpy.types.Scene) -> tuple[bpy.types.Object, Mesh]:
    """The object that shows the part, and the prepared part.

    Raises:
        PartError: either is gone.
    """
    inspection = _bound(scene)
    assert inspection is not None
    return inspection.part, inspection.given


def stored_part(scene: bpy.types.Scene) -> Path:
    """Where the prepared part of an inspection scene lies."""
    return Path(json.loads(of(scene).document)["part"])


def inspection_scenes() -> list[bpy.types.Scene]:
    """Scenes of the file that were built from a manifest."""
    return [scene for scene in bpy.data.scenes if of(scene).document]


def is_open(scene: bpy.types.Scene) -> bool:
    """Whether a scene shows the manifest that is open."""
    return current is not None and of(scene).document == current.document


def show_geometry(scene: bpy.types.Scene) -> None:
    """Give the part the geometry of the instance that the scene's frame shows.

    Raises:
        UserError: it cannot be shown, because the part was deleted or its prepared file is gone.
    """
    inspection, frame = _bound(scene), scene.frame_current
    if inspection is not None:
        inspection.show_geometry(clamp_frame(inspection.table, frame))


def check_geometry(scene: bpy.types.Scene) -> None:
    """Notice where an instance is not shown that should be, without changing anything: Blender is rendering.

    Raises:
        UserError: what is being rendered is not the frame of the manifest.
    """
    inspection, frame = _bound(scene), scene.frame_current
    if inspection is not None and not inspection.shows_geometry(clamp_frame(inspection.table, frame)):
        raise errors.BlenderError(
            f"Frame {frame} was rendered with the geometry of another instance, because Blender cannot change it while "
            "it renders; render runs of frames with 'defectory render'"
        )


def follow_file() -> None:
    """Bring to life what the file holds: after it was loaded, and after undo and redo.

    Raises:
        UserError: the file was made by another Defectory; drivers stay without values.
    """
    global current
    scenes = inspection_scenes()
    if not scenes:
        return
    document = of(scenes[0]).document
    if current is None or current.document != document or not drivers.installed():
        current = _load(document, scenes[0])
        for scene in scenes:
            wake(scene)
    for scene in scenes:
        show_geometry(scene)


def wake(scene: bpy.types.Scene) -> None:
    """Give the drivers their values and have them run, also where they had failed."""
    from ..scene.drivers import revive

    if current is not None:
        drivers.install(current.table)
    revive()
    scene.frame_set(scene.frame_current)


def forget() -> None:
    """Let go of the manifest that was open."""
    global current
    current = None
    drivers.uninstall()


def _bound(scene: bpy.types.Scene) -> InspectionScene | None:
    """The open inspection scene, if that is what ``scene`` shows, with its objects as they are now."""
    if current is None or not is_open(scene):
        return None
    part = part_of(scene)
    if part is None:
        raise errors.PartError("The part was deleted from the scene; open the manifest again")
    if current.inspection is None:
        raise errors.PartError("The prepared part is not at hand; open the manifest again to see other instances")
    # Undo and loading make other objects of the same scene.
    current.inspection.scene, current.inspection.part = scene, part
    return current.inspection


def read(path: Path) -> schema.Manifest:
    """Read a manifest, YAML or JSON.

    Raises:
        UserError: it is none, or the add-on is not installed as an extension.
    """
    try:
        from ..contract import files
    except ModuleNotFoundError as missing:
        raise errors.UserError(f"the package {missing.name} is missing; install Defectory as an extension") from None
    return files.read_manifest(path)


def _document(manifest: schema.Manifest, path: Path, stored: Path, bounds: viewpoints.Bounds) -> str:
    data = {
        "manifest": schema.to_dict(manifest),
        "source": str(path),
        "part": str(stored),
        # With these the drivers live even where the prepared part is gone.
        "center_mm": bounds.center_mm,
        "radius_mm": bounds.radius_mm,
    }
    return _json(data)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _load(document: str, scene: bpy.types.Scene) -> Open:
    from ..scene.build import resume_scene
    from .prepared import find_part

    try:
        data: dict[str, Any] = json.loads(document)
        manifest = schema.from_dict(data["manifest"])
        bounds = viewpoints.Bounds(tuple(data["center_mm"]), data["radius_mm"])
        stored = Path(data["part"])
    except (ValueError, KeyError, TypeError):
        raise errors.DataSetError("The manifest in this file is damaged; open its manifest again") from None
    table = sampling.Table(manifest, viewpoints.plan(manifest.views, manifest.camera, bounds))
    opened = Open(document, table)
    found, part = find_part(stored, bpy.data.filepath), of(scene).part
    if found is not None and part is not None:
        opened.report = found.report
        opened.inspection = resume_scene(scene, part, table, found.mesh)
    return opened


def _hand_over(old: bpy.types.Scene, new: bpy.types.Scene, built: set[bpy.types.ID]) -> None:
    """Remove a scene; what a person added to it moves to the new one. Its mesh joins ``built``."""
    for child in old.collection.children:
        if child not in built:
            new.collection.children.link(child)
    for thing in old.collection.all_objects:
        if thing not in built and thing.name not in new.objects:
            new.collection.objects.link(thing)
    part = of(old).part
    if part is not None and part.data is not None:
        built.add(part.data)  # it bears no mark: each instance has a mesh of its own
    bpy.data.scenes.remove(old)
