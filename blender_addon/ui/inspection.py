"""What is open: its scene follows its manifest, and becomes live again after loading, undo and redo.

What a scene needs beyond its ``.blend`` (the table behind the drivers, the prepared part) is held here, for the one
manifest that is open; all else is in the scene itself, so that Blender's own undo and files carry it.

Whatever builds scenes is imported only where it is used, so that enabling the extension is quick.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..contract import errors, sampling, schema, viewpoints
from . import documents, drivers, waiting
from .facts import clamp_frame
from .properties import of
from .views import through_camera

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


NO_PART = "The part was deleted from the scene: undo, or open the manifest again"
NO_CAMERA = "The camera was deleted from the scene: undo, or restore it"

current: Open | None = None
render_problem = ""
"""What went wrong in the last render in the window, for the panel; empty when all is well."""
rendering = False


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
    mesh = inspection.given if found.stored == documents.stored_part(scene) else found.mesh
    looking = through_camera()
    inspection = change_scene(inspection, manifest, mesh, documents.source(scene).parent)
    bring_up(inspection, found, documents.source(scene))
    for space in looking:  # Blender steps back from a camera that is replaced
        space.region_3d.view_perspective = "CAMERA"
    waiting.show_geometry(inspection, clamp_frame(inspection.table, scene.frame_current))
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
    home = documents.source(scene).parent
    inspection = change_scene(inspection, inspection.table.manifest, inspection.given, home, anew=True)
    current.inspection, current.table = inspection, inspection.table
    drivers.install(inspection.table)
    waiting.show_geometry(inspection, clamp_frame(inspection.table, scene.frame_current))
    scene.view_layers[0].update()
    scene.frame_set(scene.frame_current)


def bring_up(inspection: InspectionScene, found: FoundPart, source: Path) -> None:
    """Have a scene that was built, from a manifest at ``source``, be what is open."""
    global current
    group, manifest = of(inspection.scene), inspection.table.manifest
    bounds = viewpoints.Bounds.of(found.mesh.vertices_mm)
    group.document, group.part = documents.write(manifest, source, found.stored, bounds), inspection.part
    written = current.written if current is not None else ""
    current = Open(group.document, inspection.table, inspection, found.report, written)
    drivers.install(inspection.table)


def exported(scene: bpy.types.Scene) -> bool:
    """Whether the manifest of an inspection scene lies on the disk as it is shown."""
    return current is not None and is_open(scene) and current.written == current.document


@contextlib.contextmanager
def moved(scene: bpy.types.Scene, path: Path) -> Iterator[None]:
    """Have the manifest of an inspection scene lie at another path, from whose folder its own paths start.

    Where what is done meanwhile fails, it lies where it lay.
    """
    before = documents.source(scene)
    _note(scene, source=str(path))
    try:
        yield
    except BaseException:
        _note(scene, source=str(before))
        raise


def set_written(scene: bpy.types.Scene, manifest: schema.Manifest) -> None:
    """Remember that the manifest's file says what the scene shows."""
    _note(scene, manifest=schema.to_dict(manifest))
    assert current is not None
    current.written = current.document


def _note(scene: bpy.types.Scene, **changes: Any) -> None:
    of(scene).document = documents.changed(of(scene).document, **changes)
    if current is not None:
        current.document = of(scene).document


def part_of(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The object that shows the instances; None where it was deleted."""
    part = of(scene).part
    return part if part is not None and part.type == "MESH" and part.name in scene.objects else None


def copies_of_part(scene: bpy.types.Scene) -> list[str]:
    """Names of the objects that a person made by copying the part."""
    from ..scene.marks import is_copy

    part = part_of(scene)
    return [] if part is None else sorted(one.name for one in scene.objects if is_copy(one, part))


def shown_part(scene: bpy.types.Scene) -> tuple[bpy.types.Object, Mesh]:
    """The object that shows the part, and the prepared part.

    Raises:
        PartError: either is gone.
    """
    inspection = _bound(scene)
    assert inspection is not None
    return inspection.part, inspection.given


def check_whole(scene: bpy.types.Scene) -> None:
    """Refuse an inspection scene of which nothing could be rendered.

    Raises:
        PartError: the part is gone.
        BlenderError: the camera is gone.
    """
    shown_part(scene)
    if scene.camera is None:
        raise errors.BlenderError(NO_CAMERA)


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
        waiting.show_geometry(inspection, clamp_frame(inspection.table, frame))


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
    scenes = documents.inspection_scenes()
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
        raise errors.PartError(NO_PART)
    if current.inspection is None:
        raise errors.PartError("The prepared part is not at hand; open the manifest again to see other instances")
    # Undo and loading make other objects of the same scene.
    current.inspection.scene, current.inspection.part = scene, part
    return current.inspection


def _load(document: str, scene: bpy.types.Scene) -> Open:
    from ..scene.build import resume_scene
    from .prepared import find_part

    manifest, bounds, stored = documents.read(document)
    table = sampling.Table(manifest, viewpoints.plan(manifest.views, manifest.camera, bounds))
    opened = Open(document, table)
    found, part = find_part(stored, bpy.data.filepath), of(scene).part
    if found is not None and part is not None:
        opened.report = found.report
        opened.inspection = resume_scene(scene, part, table, found.mesh)
    return opened
