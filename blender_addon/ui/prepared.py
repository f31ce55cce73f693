"""The prepared part of a manifest that is opened in Blender: kept beside it, so that opening it again is quick."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..contract import errors, schema
from ..geometry.mesh import Mesh
from ..geometry.preparation.part_report import PartReport
from ..geometry.preparation.prepare import file_sha256, prepare_part
from ..geometry.preparation.prepared_files import load_prepared, part_key, save_prepared

CACHE = ".defectory"
"""Folder beside a manifest that holds its prepared parts."""


def get_part(part: schema.Part, manifest_file: Path) -> tuple[Mesh, PartReport, Path]:
    """The prepared part, and the file that it lies in: read where it was prepared before, else prepared now.

    Raises:
        PartError: the CAD file cannot be used, or nothing can be written anywhere.
    """
    source = manifest_file.parent / part.file
    budget = {one.object: one.faces for one in part.budgets} or part.faces
    try:
        key = part_key(file_sha256(source), part.unit, budget, part.origin)
    except FileNotFoundError:
        raise errors.PartError(f"{source}: there is no such CAD file; put it there or change 'part.file'") from None
    except OSError as problem:
        raise errors.PartError(f"{source}: cannot be read: {problem.strerror or problem}") from None
    folders = [manifest_file.parent / CACHE, _own_folder()]
    for folder in folders:
        try:
            path = folder / f"{key}.npz"
            return *load_prepared(path), path
        except errors.PartError:  # absent or damaged: it is prepared anew
            continue
    mesh, report = prepare_part(source, unit=part.unit, face_budget=budget, origin=part.origin)
    try:
        return mesh, report, save_prepared(folders[0], mesh, report, key)
    except errors.PartError:  # the manifest may lie where one can only read
        return mesh, report, save_prepared(folders[1], mesh, report, key)


def find_part(stored: Path, blend_file: str) -> tuple[Mesh, PartReport] | None:
    """The prepared part of a ``.blend``: where it was, or where it would be if the folder was moved; None: nowhere."""
    beside = Path(blend_file).parent / CACHE / stored.name if blend_file else stored
    for path in dict.fromkeys((stored, beside)):
        try:
            return load_prepared(path)
        except errors.PartError:
            continue
    return None


def _own_folder() -> Path:
    import bpy

    package = (__package__ or "").rpartition(".")[0]
    try:
        return Path(bpy.utils.extension_path_user(package, path="parts"))
    except ValueError:  # not installed as an extension
        return Path(tempfile.gettempdir()) / "defectory"
