"""Reads a CAD file of any supported format: tells the format, calls its reader, scales to millimetres, checks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ...contract import errors
from ..mesh import Mesh
from .file_units import declared_unit_mm
from .read_brep import read_brep
from .read_gltf import read_gltf
from .read_obj import read_obj
from .read_ply import read_ply
from .read_stl import is_ascii_stl, read_stl

Unit = Literal["mm", "cm", "m", "inch"]
Format = Literal["STEP", "IGES", "STL", "OBJ", "PLY", "glTF"]

UNIT_MM: dict[str, float] = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
_METRE_FORMATS = ("STEP", "glTF")
_SUFFIXES: dict[str, Format] = {
    ".step": "STEP", ".stp": "STEP", ".iges": "IGES", ".igs": "IGES", ".stl": "STL", ".obj": "OBJ", ".ply": "PLY",
    ".glb": "glTF", ".gltf": "glTF",
}  # fmt: skip
_STRANGERS = {
    b"\xff\xd8\xff": "a JPEG picture", b"\x89PNG": "a PNG picture", b"GIF8": "a GIF picture", b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (unpack it first)", b"\x1f\x8b": "a gzip archive (unpack it first)",
    b"BLENDER": "a Blender file (export the part from it)", b"\x7fELF": "a program", b"<?xml": "an XML document",
    b"<!DOCTYPE": "a web page", b"<html": "a web page",
    b"version https://git-lfs": "a Git LFS pointer (run `git lfs pull`)",
    b"DBRep_DrawableShape": "a BREP file (export STEP instead)",
    b"CASCADE Topology": "a BREP file (export STEP instead)",
    b"Kaydara FBX": "an FBX file (export STEP, STL or glTF instead)",
}  # fmt: skip
SUPPORTED = "STEP, IGES, STL, OBJ, PLY, GLB or glTF"


def read_cad(path: str | Path, unit: Unit | None = None) -> Mesh:
    """Read a CAD file as triangles in millimetres; nothing is repaired, names are those of the file.

    Args:
        path: the file; its format is told by its content, by its suffix only where content is silent.
        unit: what one unit of the file is; None: what the format says (glTF metres, STEP and IGES as declared in the
            file) and millimetres where it says nothing (STL, OBJ, PLY).

    Raises:
        PartError: absent, a folder, empty, truncated, damaged, of an unknown format, or without faces.
    """
    path = Path(path)
    file_format = tell_format(path)
    if unit is not None and unit not in UNIT_MM:
        raise errors.PartError(f"{path.name}: unit '{unit}' is unknown; use one of {', '.join(UNIT_MM)}")
    try:
        mesh = _read(path, file_format)
    except MemoryError:
        raise errors.PartError(f"{path.name}: does not fit into memory; decimate it in the CAD program first") from None
    except OSError as problem:
        raise errors.PartError(f"{path.name}: cannot be read: {problem.strerror or problem}") from None
    _check(path, mesh)
    scale = _scale_to_mm(path, file_format, unit)
    if scale != 1.0:
        mesh.vertices_mm[:] *= scale
    return mesh


def tell_format(path: str | Path) -> Format:
    """The format of a CAD file.

    Raises:
        PartError: absent, a folder, empty, unreadable, or none of the supported formats.
    """
    path = Path(path)
    if path.is_dir():
        raise errors.PartError(f"{path.name or path}: is a folder; name a CAD file ({SUPPORTED})")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        size = path.stat().st_size
    except FileNotFoundError:
        raise errors.PartError(f"{path}: no such file; check the path (it is relative to the manifest)") from None
    except OSError as problem:
        raise errors.PartError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    if not size:
        raise errors.PartError(f"{path.name}: is empty; copy or export it again")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, what in _STRANGERS.items():
        if start.startswith(magic):
            raise errors.PartError(f"{path.name}: is no CAD file but {what}; use {SUPPORTED}")
    found = _by_content(path, head, start, size)
    if found is None:
        raise errors.PartError(f"{path.name}: is no CAD file of a known format; use {SUPPORTED}")
    return found


def _by_content(path: Path, head: bytes, start: bytes, size: int) -> Format | None:
    if start.startswith(b"ISO-10303-21"):
        return "STEP"
    if start.startswith(b"glTF") or (start.startswith(b"{") and b'"asset"' in path.read_bytes()):
        return "glTF"
    if start.startswith((b"ply\n", b"ply\r")):
        return "PLY"
    first_line = head.split(b"\n", 1)[0].rstrip(b"\r")
    if len(first_line) == 80 and first_line[72:73] in b"SBFC" and first_line[73:].strip().lstrip(b"0") == b"1":
        return "IGES"
    if size == 84 + 50 * int.from_bytes(head[80:84], "little") or is_ascii_stl(head, size):
        return "STL"
    expected = _SUFFIXES.get(path.suffix.lower())
    is_text = b"\0" not in head and all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    if expected == "STL" and not is_text:
        return "STL"  # a binary header says nothing; the reader tells truncated files from others
    if is_text and any(line[:2] in (b"v ", b"v\t") for line in head.splitlines()):
        return "OBJ"
    if is_text and expected == "OBJ" and any(line[:2] in (b"v ", b"v\t") for line in path.read_bytes().splitlines()):
        return "OBJ"
    return None


def _read(path: Path, file_format: Format) -> Mesh:
    if file_format in ("STEP", "IGES"):
        return read_brep(path, file_format)
    return {"STL": read_stl, "OBJ": read_obj, "PLY": read_ply, "glTF": read_gltf}[file_format](path)


def _check(path: Path, mesh: Mesh) -> None:
    if not mesh.face_count:
        raise errors.PartError(f"{path.name}: no faces; export it again with the body selected")
    if not np.isfinite(mesh.vertices_mm).all() or np.abs(mesh.vertices_mm).max() > 1e30:
        raise errors.PartError(
            f"{path.name}: a coordinate is not a finite number; the file is damaged: export it again"
        )


def _scale_to_mm(path: Path, file_format: Format, unit: Unit | None) -> float:
    own = 1000.0 if file_format in _METRE_FORMATS else 1.0
    if unit is None:
        return own
    if file_format not in ("STEP", "IGES"):
        return UNIT_MM[unit]
    # The reader has applied the declared unit already; another one replaces it.
    return own * UNIT_MM[unit] / declared_unit_mm(path, file_format)
