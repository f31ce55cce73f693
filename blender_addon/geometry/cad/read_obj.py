"""Wavefront OBJ: positions, faces of all objects and groups, names of materials; normals and curves are left alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..mesh import Mesh, unique_names
from .polygons import fan
from .text_numbers import parse_numbers

_AFTER_SLASH = re.compile(rb"/[^\s]*")


def read_obj(path: Path) -> Mesh:
    """Read an OBJ file; coordinates in the unit of the file. Objects are its ``o`` names, or ``g`` names without any.

    Raises:
        PartError: no faces, or a line that is not what it says.
    """
    lines = path.read_bytes().replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines()
    lines = [line.strip() for line in lines]
    # Tabs are legal too; a line's kind is its first word.
    vertex_lines = [i for i, line in enumerate(lines) if line[:2] in (b"v ", b"v\t")]
    face_lines = [i for i, line in enumerate(lines) if line[:2] in (b"f ", b"f\t")]
    if not face_lines:
        raise errors.PartError(f"{path.name}: no faces (no line begins with 'f'); export it again as a mesh")
    vertices = _vertices(path, [lines[i] for i in vertex_lines])
    corners, sizes = _faces(path, [lines[i] for i in face_lines])
    # A negative index counts back from the vertices read so far.
    relative = corners < 0
    if relative.any():
        known = np.searchsorted(vertex_lines, face_lines)
        corners[relative] += np.repeat(known, sizes)[relative] + 1
    triangles, polygon = fan(corners - 1, sizes)
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
        raise errors.PartError(
            f"{path.name}: a face names a vertex that is not there (there are {len(vertices):,}); export it again"
        )
    names, polygon_object = _objects(path, lines, face_lines)
    titles, polygon_material = _materials(lines, face_lines)
    material = polygon_material[polygon] if titles else None
    triangles = triangles.astype(np.int32)
    return Mesh(vertices, triangles, names, polygon_object[polygon], material_names=titles, material=material)


def _vertices(path: Path, lines: list[bytes]) -> NDArray[np.float64]:
    try:
        numbers = parse_numbers(b" ".join([line[1:] for line in lines]))
        # x y z, or with w, or with a colour; where lines differ, each is cut to its first three words.
        width = len(lines[0].split()) - 1 if lines else 3
        if width < 3 or len(numbers) != width * len(lines) or any(len(line.split()) != width + 1 for line in lines):
            numbers, width = parse_numbers(b" ".join([b" ".join(line.split()[1:4]) for line in lines])), 3
        return np.ascontiguousarray(numbers.reshape(len(lines), width)[:, :3])
    except ValueError:
        raise errors.PartError(
            f"{path.name}: a line 'v' without three numbers; the file is damaged: export it again"
        ) from None


def _faces(path: Path, lines: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    joined = _AFTER_SLASH.sub(b"", b"\n".join([line[1:] for line in lines])).split(b"\n")
    sizes = np.fromiter((len(line.split()) for line in joined), dtype=np.int64, count=len(joined))
    try:
        numbers = parse_numbers(b" ".join(joined))
    except ValueError:
        numbers = np.empty(0)
    corners = numbers.astype(np.int64)
    if len(numbers) != sizes.sum() or not np.array_equal(corners, numbers) or (corners == 0).any():
        raise errors.PartError(f"{path.name}: a line 'f' without vertex numbers; the file is damaged: export it again")
    return corners, sizes


def _objects(path: Path, lines: list[bytes], face_lines: list[int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    for kind in (b"o", b"g"):
        marks = [i for i, line in enumerate(lines) if line.split(None, 1)[:1] == [kind]]
        if marks:
            break
    else:
        return (path.stem,), np.zeros(len(face_lines), dtype=np.int32)
    titles = [""] + [lines[i][1:].strip().decode("utf-8", "replace") for i in marks]
    # The same name again means the same object; faces ahead of the first mark are one of their own.
    of_mark = np.searchsorted(marks, face_lines)
    order: dict[str, int] = {}
    number_of_mark = {int(m): order.setdefault(titles[m], len(order)) for m in np.unique(of_mark)}
    lookup = np.zeros(len(titles), dtype=np.int32)
    for mark, number in number_of_mark.items():
        lookup[mark] = number
    return unique_names(title or path.stem for title in order), lookup[of_mark]


def _materials(lines: list[bytes], face_lines: list[int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Names of the materials and for each face its own, -1 ahead of the first ``usemtl``."""
    marks = [i for i, line in enumerate(lines) if line.split(None, 1)[:1] == [b"usemtl"]]
    titles = [lines[i][len("usemtl") :].strip().decode("utf-8", "replace") for i in marks]
    order = {title: number for number, title in enumerate(dict.fromkeys(titles))}
    of_mark = np.array([-1, *(order[title] for title in titles)], dtype=np.int32)
    return tuple(order), of_mark[np.searchsorted(marks, face_lines)]
