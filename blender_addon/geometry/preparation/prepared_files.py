"""A prepared part on disk: one file of arrays, names and report, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...contract import errors
from ..mesh import Mesh
from .part_report import PartReport

FORMAT_VERSION = 2
"""Counts up whenever the same CAD file would be prepared otherwise, or the file below is laid out otherwise."""

_ARRAYS = ("vertices_mm", "triangles", "object_index")
_OPTIONAL = ("cad_face", "material")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def part_key(
    source_sha256: str,
    unit: str | None,
    face_budget: int | Mapping[str, int] | None,
    origin: str,
    version: int = FORMAT_VERSION,
) -> str:
    """Hexadecimal name of what a CAD file becomes under these settings; equal settings, equal key."""
    budget = dict(face_budget) if isinstance(face_budget, Mapping) else face_budget
    settings = [source_sha256, unit or "auto", budget, origin, version]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def save_prepared(folder: str | Path, mesh: Mesh, report: PartReport, key: str | None = None) -> Path:
    """Write ``<key>.npz`` into ``folder`` and return its path. The same input gives the same bytes.

    Args:
        folder: made when absent.
        mesh: the part.
        report: what ``prepare_part`` returned with it.
        key: name of the file; None: the hash of its content.

    Raises:
        PartError: the folder cannot be written to, or the disk is full.
    """
    content = _pack(mesh, report)
    folder = Path(folder)
    path = folder / f"{key or hashlib.sha256(content).hexdigest()}.npz"
    temporary = folder / f".{path.name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as problem:
        raise errors.PartError(
            f"{folder}: the prepared part cannot be written: {problem.strerror or problem}"
        ) from None
    return path


def load_prepared(path: str | Path) -> tuple[Mesh, PartReport]:
    """Read what ``save_prepared`` wrote.

    Raises:
        PartError: absent, damaged, or written by another version.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            document = json.loads(bytes(file["document"]).decode("utf-8"))
            if document["version"] != FORMAT_VERSION:
                raise errors.PartError(f"{path.name}: was prepared by another version; delete it and prepare again")
            arrays = {name: file[name] for name in _ARRAYS}
            optional = {name: file[name] for name in _OPTIONAL if name in file.files}
        report = PartReport.from_dict(document["report"])
        names = {name: tuple(document[name]) for name in ("object_names", "material_names")}
        return Mesh(**arrays, **names, **optional), report
    except FileNotFoundError:
        raise errors.PartError(f"{path}: no such file; prepare the part again") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise errors.PartError(f"{path.name}: is damaged; delete it and prepare the part again") from None


def _pack(mesh: Mesh, report: PartReport) -> bytes:
    document = {"version": FORMAT_VERSION, "report": report.to_dict()}
    document |= {"object_names": mesh.object_names, "material_names": mesh.material_names}
    arrays = {name: getattr(mesh, name) for name in _ARRAYS}
    arrays |= {name: held for name in _OPTIONAL if (held := getattr(mesh, name)) is not None}
    arrays["document"] = np.frombuffer(json.dumps(document, sort_keys=True).encode(), dtype=np.uint8)
    content = io.BytesIO()
    # numpy's own writer stamps the hour of writing into the archive.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH), member.getvalue())
    return content.getvalue()
