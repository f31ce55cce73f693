"""The prepared part of a manifest that is authored in Blender: kept beside it, so that opening it again is quick."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..contract import digests, errors, schema
from ..geometry.mesh import Mesh
from ..geometry.preparation.part_report import PartReport
from ..geometry.preparation.prepare import prepare_part
from ..geometry.preparation.prepared_files import load_prepared, part_key, save_prepared

CACHE = ".defectory"
"""Folder beside a manifest that holds its prepared parts."""


@dataclass(frozen=True)
class FoundPart:
    """A prepared part, what became of its CAD file, and the file that it lies in."""

    mesh: Mesh
    report: PartReport
    stored: Path


def get_part(part: schema.Part, home: Path, own: Path | None = None) -> FoundPart:
    """The prepared part: read where it was prepared before, else prepared now.

    Args:
        part: of the manifest.
        home: folder of the manifest, from which the CAD file's path starts.
        own: folder to keep it in where one cannot write beside the manifest; nothing: the extension's.

    Raises:
        PartError: the CAD file cannot be used, or nothing can be written anywhere.
    """
    known = known_part(part, home, own)
    if known is not None:
        return known
    source, key = home / part.file, _key(part, home)
    mesh, report = prepare_part(source, unit=part.unit, face_budget=part.face_budget, origin=part.origin)
    folders = _folders(home, own)
    try:
        return FoundPart(mesh, report, save_prepared(folders[0], mesh, report, key))
    except errors.PartError:  # the manifest may lie where one can only read
        return FoundPart(mesh, report, save_prepared(folders[1], mesh, report, key))


def known_part(part: schema.Part, home: Path, own: Path | None = None) -> FoundPart | None:
    """The part if it was prepared before, else None; see :func:`get_part`.

    Raises:
        PartError: the CAD file cannot be read.
    """
    key = _key(part, home)
    for folder in _folders(home, own):
        found = _load(folder / f"{key}.npz")
        if found is not None:
            return found
    return None


def find_part(stored: Path, blend_file: str) -> FoundPart | None:
    """The prepared part of a ``.blend``: where it was, or where it would be if the folder was moved; None: nowhere."""
    beside = Path(blend_file).parent / CACHE / stored.name if blend_file else stored
    return next((found for path in dict.fromkeys((stored, beside)) if (found := _load(path)) is not None), None)


def own_folder() -> Path:
    """The extension's own folder for prepared parts."""
    import bpy

    package = (__package__ or "").rpartition(".")[0]
    try:
        return Path(bpy.utils.extension_path_user(package, path="parts"))
    except ValueError:  # not installed as an extension
        return Path(tempfile.gettempdir()) / "defectory"


def _folders(home: Path, own: Path | None) -> tuple[Path, Path]:
    return home / CACHE, own or own_folder()


def _load(path: Path) -> FoundPart | None:
    try:
        return FoundPart(*load_prepared(path), path)
    except errors.PartError:  # absent or damaged: it is prepared anew
        return None


def _key(part: schema.Part, home: Path) -> str:
    source = home / part.file
    try:
        return part_key(digests.file_sha256(source), part.unit, part.face_budget, part.origin)
    except FileNotFoundError:
        raise errors.PartError(f"{source}: there is no such CAD file; put it there or change 'part.file'") from None
    except OSError as problem:
        raise errors.PartError(f"{source}: cannot be read: {problem.strerror or problem}") from None
