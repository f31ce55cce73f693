"""Export: the manifest, and beside it the Blender file that holds what a person made by hand."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bpy

from ..contract import assets, digests, errors, layout, schema
from . import authoring, documents, foreign, inspection
from .model import values
from .properties import of

_CAD_FOLDER = "parts"


def export(scene: bpy.types.Scene, path: Path) -> schema.Manifest:
    """Write a manifest, with its CAD file and its other files below its folder and its ``.blend`` beside it.

    Where it fails, an older export that lay there is as it was: manifest and ``.blend``, which belong together, are
    written beside it and take its place in the end.

    Args:
        scene: an inspection scene whose properties it shows.
        path: of the manifest, ``.yaml``.

    Returns:
        What was written.

    Raises:
        UserError: part, camera, CAD file or what a parameter drives is gone, or the disk refuses.
    """
    from ..contract import files
    from .prepared import known_part

    manifest, home = authoring.wanted(scene), documents.source(scene).parent
    inspection.check_whole(scene)
    known_part(manifest.the_part(), home)
    for number, parameter in enumerate(manifest.parameters):
        if parameter.target.startswith(schema.FOREIGN) and not foreign.exists(parameter.target):
            raise errors.ManifestError(
                f"parameters[{number}].target", f"{parameter.target} is gone: it was renamed or deleted; remove it"
            )
    try:
        manifest = _with_files(manifest, home, path.parent)
        with (
            inspection.moved(scene, path),
            layout.replacing(path) as fresh,
            _saved(scene, path.with_suffix(".blend"), manifest.blend) as blend,
        ):
            manifest = replace(manifest, blend=blend)
            fresh.write_text(files.write_yaml(manifest), encoding="utf-8")
    except OSError as problem:
        raise errors.DataSetError(f"{problem.filename or path}: cannot be written: {problem.strerror}") from None
    values.fill(of(scene).manifest, schema.Manifest, schema.to_dict(manifest))
    inspection.set_written(scene, manifest)
    return manifest


def _with_files(manifest: schema.Manifest, home: Path, folder: Path) -> schema.Manifest:
    """The manifest with its files below a folder, copied there where they are not."""
    folder.mkdir(parents=True, exist_ok=True)
    part = manifest.the_part()
    source = home / part.file
    name = part.file if not Path(part.file).is_absolute() else f"{_CAD_FOLDER}/{source.name}"
    _copy(source, folder / name)
    for field in assets.named(manifest):
        if field != "blend.file":
            for path in assets.find(manifest, field, home):
                _copy(path, folder / path.relative_to(home))
    return replace(manifest, part=replace(part, file=name))


def _copy(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        with layout.replacing(target) as fresh:
            shutil.copyfile(source, fresh)


@contextlib.contextmanager
def _saved(scene: bpy.types.Scene, path: Path, before: schema.BlenderFile | None) -> Iterator[schema.BlenderFile]:
    """The file of a scene with all that it uses, images packed, which lies at ``path`` in the end if all went well.

    A file that holds all that already is left as it is.
    """
    from ..scene.fingerprint import is_as_noted, noted, used

    for image in used(scene):
        if isinstance(image, bpy.types.Image) and _to_pack(image):
            image.pack()
    if before is not None and before == schema.BlenderFile(path.name, _sha256(path)) and is_as_noted(scene):
        yield before
        return
    with layout.replacing(path) as fresh, noted(scene):
        _write_blend(scene, fresh, path)
        yield schema.BlenderFile(path.name, _sha256(fresh))


def _write_blend(scene: bpy.types.Scene, file: Path, path: Path) -> None:
    """Write a scene to a file that is to lie at ``path``.

    Raises:
        DataSetError: the disk is full or refuses.
    """
    try:
        bpy.data.libraries.write(str(file), {scene}, path_remap="RELATIVE", compress=True)
    except (OSError, RuntimeError) as problem:
        why = str(problem).strip().removeprefix("Error: ")
        raise errors.DataSetError(f"{path}: cannot be written: {why}") from None
    try:
        # Where the disk is full, Blender's compression may cut the file short without a word.
        with bpy.data.libraries.load(str(file)):
            pass
    except OSError:
        raise errors.DataSetError(f"{path}: cannot be written to its end; free some space on the disk") from None


def _to_pack(image: bpy.types.Image) -> bool:
    """Whether an image lies elsewhere, or was painted since it was last packed or saved."""
    if image.source == "FILE" and not image.packed_file and Path(bpy.path.abspath(image.filepath)).is_file():
        return True
    return image.is_dirty and image.source in ("FILE", "GENERATED")


def _sha256(path: Path) -> str:
    """Of a file; of none, zeros."""
    return digests.file_sha256(path) if path.exists() else "0" * 64
