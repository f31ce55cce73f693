"""Scenes that lie in a Blender file beside the manifest: opened by the farm, appended by whoever authors them.

What a person made by hand is in the file; all else follows the manifest. Scripts inside the file are never run.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ..contract import digests, errors, sampling, schema, viewpoints
from ..geometry.mesh import Mesh
from . import build
from .change import change_scene
from .drivers import install, revive


def open_scene(manifest: schema.Manifest, mesh: Mesh, assets: Path) -> build.InspectionScene:
    """Open the Blender file of a manifest, in place of what is open, and make its scene that of the manifest.

    Args:
        manifest: that names a file.
        mesh: the prepared part.
        assets: folder below which the manifest's files lie.

    Raises:
        ManifestError: the file is not the one that was exported, or holds no inspection scene.
    """
    path = _checked(manifest, assets)
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    found = build.described()
    if found is None:
        raise errors.ManifestError("blend.file", f"{path}: holds no scene of Defectory; export the manifest again")
    bpy.context.window.scene = found
    return take_scene(found, manifest, mesh, assets)


@contextmanager
def _library(path: Path) -> Iterator[Any]:
    """What a Blender file holds, as ``bpy.data.libraries.load`` gives it.

    Raises:
        ManifestError: this Blender cannot read it.
    """
    try:
        with bpy.data.libraries.load(str(path)) as both:
            yield both
    except OSError:
        message = f"{path}: Blender {bpy.app.version_string} cannot read it; open it with the Blender that wrote it"
        raise errors.ManifestError("blend.file", message) from None


@contextmanager
def names_free(manifest: schema.Manifest, home: Path) -> Iterator[None]:
    """Have nothing in the open file bear a name of what the manifest's Blender file holds.

    What is appended inside keeps its names, by which parameters know what they drive. Afterwards the others get theirs
    back, with a number where they are taken by then.

    Raises:
        ManifestError: the file is not the one that was exported.
    """
    there: dict[str, list[str]] = {}
    if manifest.blend is not None:
        with _library(_checked(manifest, home)) as (held, _):
            kinds = [
                kind for kind in dir(held) if isinstance(getattr(bpy.data, kind, None), bpy.types.bpy_prop_collection)
            ]
            there = {kind: list(getattr(held, kind)) for kind in kinds}
    aside = {}
    for kind, names in there.items():
        for thing in [one for one in getattr(bpy.data, kind) if one.library is None and one.name in set(names)]:
            aside[thing] = thing.name
            thing.name = uuid.uuid4().hex
    try:
        yield
    finally:
        for thing, name in aside.items():
            thing.name = name


def append_scene(manifest: schema.Manifest, home: Path) -> bpy.types.Scene:
    """Append the scene of a manifest's Blender file to the file that is open.

    Raises:
        ManifestError: the file is not the one that was exported, or holds no inspection scene.
    """
    path = _checked(manifest, home)
    before = set(bpy.data.scenes)
    with _library(path) as (there, here):
        here.scenes = list(there.scenes)
    appended = [scene for scene in bpy.data.scenes if scene not in before]
    found = next((scene for scene in appended if build.is_described(scene)), None)
    for scene in appended:
        if scene is not found:
            bpy.data.scenes.remove(scene)
    if found is None:
        raise errors.ManifestError("blend.file", f"{path}: holds no scene of Defectory; export the manifest again")
    return found


def take_scene(scene: bpy.types.Scene, manifest: schema.Manifest, mesh: Mesh, assets: Path) -> build.InspectionScene:
    """Make a scene that was built before, as a file holds it, that of a manifest.

    Raises:
        ManifestError: the part was deleted from it, or see ``change_scene``.
    """
    part = build.part_of(scene)
    if part is None:
        raise errors.ManifestError("blend.file", "its scene has lost the part; export the manifest again")
    former = build.manifest_of(scene)
    views = viewpoints.plan(former.views, former.camera, viewpoints.Bounds.of(mesh.vertices_mm))
    table = sampling.Table(former, views)
    install(table)
    # They failed when the file was opened, before anybody could tell them a value.
    revive()
    return change_scene(build.resume_scene(scene, part, table, mesh), manifest, mesh, assets)


def _checked(manifest: schema.Manifest, folder: Path) -> Path:
    assert manifest.blend is not None
    path = folder / manifest.blend.file
    try:
        digest = digests.file_sha256(path)
    except OSError as problem:
        raise errors.ManifestError("blend.file", f"{path}: cannot be read: {problem.strerror}") from None
    if digest != manifest.blend.sha256:
        raise errors.ManifestError("blend.sha256", f"{path}: is not the file that was exported; export it again")
    return path
