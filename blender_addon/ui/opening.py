"""Manifests opened: each becomes a scene of its own, in the place of the one before.

Whatever builds scenes is imported only where it is used, so that enabling the extension is quick.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..contract import errors, sampling, schema, viewpoints
from . import documents, drivers, inspection, waiting
from .model import values
from .properties import of
from .views import look_through_camera


def open_manifest(path: Path, window: bpy.types.Window | None = None) -> bpy.types.Scene:
    """Build the scene of a manifest, in a scene of its own; it replaces one that was opened before.

    What a person put into the former scene moves over, unless the manifest comes with a Blender file: then that says
    what there is, and the former scene stays as a plain one where it holds what no Blender file does. Where anything
    fails, the file stays as it was.

    Args:
        path: the manifest, YAML or JSON.
        window: that shows the scene from now on.

    Raises:
        UserError: the manifest, the CAD file or the disk is at fault.
    """
    scene = show_manifest(read(path), path, window)
    assert inspection.current is not None
    inspection.current.written = inspection.current.document
    return scene


def show_manifest(manifest: schema.Manifest, source: Path, window: bpy.types.Window | None = None) -> bpy.types.Scene:
    """:func:`open_manifest` for a manifest that need not be written yet; ``source`` is where it lies or would lie."""
    from ..scene.build import build_scene
    from ..scene.drivers import drop_strangers
    from ..scene.marks import built
    from ..scene.stored import append_scene, names_free, take_scene
    from .prepared import get_part

    found = get_part(manifest.the_part(), source.parent)
    bounds = viewpoints.Bounds.of(found.mesh.vertices_mm)
    views = viewpoints.plan(manifest.views, manifest.camera, bounds)  # may refuse, before anything is touched
    former, before = documents.inspection_scenes(), set(bpy.data.user_map())
    # Before any scene is removed: what is removed can no longer be compared. A copy bears the name of its original.
    outdated = built()
    by_hand = [] if manifest.blend is None else [old for old in former if _holds_more(old, outdated)]
    with names_free(manifest, source.parent):
        try:
            drivers.install(sampling.Table(manifest, views))  # or those that are appended would fail
            if manifest.blend is None:
                scene = bpy.data.scenes.new(manifest.name)
                built_scene = build_scene(manifest, found.mesh, scene, source.parent)
            else:
                scene = append_scene(manifest, source.parent)
                built_scene = take_scene(scene, manifest, found.mesh, source.parent)
            waiting.show_geometry(built_scene, 0)
        except BaseException:
            bpy.data.batch_remove(set(bpy.data.user_map()) - before)
            if inspection.current is not None:
                drivers.install(inspection.current.table)
            else:
                drivers.uninstall()
            raise
    inspection.bring_up(built_scene, found, source)
    values.fill(of(scene).manifest, schema.Manifest, schema.to_dict(manifest))
    if window is not None:
        window.scene = scene
        look_through_camera(window)
    for old in former:
        if manifest.blend is None:
            _hand_over(old, scene, outdated)
        _close(old, outdated, keep=old in by_hand)
    bpy.data.batch_remove(outdated)
    drop_strangers(built_scene.table)
    # The drivers of a scene write their values only once it has been evaluated; Blender 4.5 does not do so by itself.
    scene.view_layers[0].update()
    scene.frame_set(0)
    return scene


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


def _by_hand(scene: bpy.types.Scene, built: set[bpy.types.ID]) -> list[bpy.types.ID]:
    """Collections and objects that a person put into a scene."""
    return [one for one in (*scene.collection.children, *scene.collection.all_objects) if one not in built]


def _holds_more(scene: bpy.types.Scene, built: set[bpy.types.ID]) -> bool:
    """Whether a person has put something into a scene that is not in the Blender file of its manifest."""
    from ..scene.fingerprint import is_as_noted

    return bool(_by_hand(scene, built)) and not is_as_noted(scene)


def _hand_over(old: bpy.types.Scene, new: bpy.types.Scene, built: set[bpy.types.ID]) -> None:
    """Have what a person put into a scene move to a new one."""
    for thing in _by_hand(old, built):
        if isinstance(thing, bpy.types.Collection):
            new.collection.children.link(thing)
        elif thing.name not in new.objects:
            new.collection.objects.link(thing)


def _close(scene: bpy.types.Scene, built: set[bpy.types.ID], *, keep: bool) -> None:
    """Have a scene be no inspection any more: it goes, or is left with what a person made. Its mesh joins ``built``."""
    from ..scene.build import forget_manifest

    part = of(scene).part
    if part is not None and part.data is not None:
        built.add(part.data)  # it bears no mark: each instance has a mesh of its own
    if keep:
        of(scene).document = ""
        forget_manifest(scene)
    else:
        bpy.data.scenes.remove(scene)
