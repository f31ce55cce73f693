"""STL, ascii and binary."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..mesh import Mesh, unique_names
from ..welding import equal_rows

_HEADER_BYTES = 84
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_CHUNK_FACES = 1 << 18
_VERTEX = re.compile(rb"\bvertex\s+(\S+\s+\S+\s+\S+)", re.IGNORECASE)
_SOLID = re.compile(rb"^[ \t]*(end)?solid\b[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def is_ascii_stl(head: bytes, size: int) -> bool:
    """True for text. Binary files may begin with ``solid`` too, so the size that the count demands decides first."""
    if size >= _HEADER_BYTES and size == _HEADER_BYTES + 50 * int.from_bytes(head[80:84], "little"):
        return False
    return head.lstrip()[:5].lower() == b"solid" and b"\0" not in head


def read_stl(path: Path) -> Mesh:
    """Read an STL file; coordinates in the unit of the file, equal corners already joined.

    Raises:
        PartError: truncated, not STL, or with text where a number belongs.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if is_ascii_stl(head, path.stat().st_size):
        return _read_ascii(path)
    return _read_binary(path, head)


def _read_binary(path: Path, head: bytes) -> Mesh:
    size = path.stat().st_size
    if size < _HEADER_BYTES:
        raise errors.PartError(f"{path.name}: {size} bytes are no STL file (its header alone has 84); export it again")
    count = int.from_bytes(head[80:84], "little")
    present = (size - _HEADER_BYTES) // _RECORD.itemsize
    if present < count:
        raise errors.PartError(
            f"{path.name}: truncated, or no STL at all: it promises {count:,} triangles and has room for {present:,}; "
            "copy or export it again"
        )
    if count == 0:
        raise errors.PartError(f"{path.name}: no faces (a binary STL with a count of 0); export it again")
    records = np.memmap(path, dtype=_RECORD, mode="r", offset=_HEADER_BYTES, shape=(count,))
    starts = range(0, count, _CHUNK_FACES)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        # Joining within a chunk first leaves a sixth of the corners for the join over all: time and memory.
        chunks = list(pool.map(lambda at: _join_corners(path, records["corners"][at : at + _CHUNK_FACES]), starts))
    triangles = np.empty((count, 3), dtype=np.int32)
    if len(chunks) == 1:
        points, corner = chunks[0]
        triangles[:] = corner.reshape(-1, 3)
    else:
        rows = np.concatenate([points for points, _ in chunks])
        first, group = equal_rows(rows)
        points = rows[first]
        del rows, first
        numbers, offset = group.astype(np.int32), 0
        del group
        for i, start in enumerate(starts):
            chunk_points, corner = chunks[i]
            triangles[start : start + _CHUNK_FACES] = numbers[offset + corner].reshape(-1, 3)
            offset += len(chunk_points)
    return Mesh(points.astype(np.float64), triangles, (path.stem,), np.zeros(count, dtype=np.int32))


def _join_corners(path: Path, corners: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    rows = np.ascontiguousarray(corners, dtype=np.float32).reshape(-1, 3)
    if not np.isfinite(rows).all():
        raise errors.PartError(
            f"{path.name}: a coordinate is not a finite number; the file is damaged: export it again"
        )
    first, group = equal_rows(rows)
    return rows[first], group.astype(np.int32)


def _read_ascii(path: Path) -> Mesh:
    text = path.read_bytes()
    marks = [(bool(m[1]), m[2].decode("utf-8", "replace"), m.start(), m.end()) for m in _SOLID.finditer(text)]
    if not marks or not marks[-1][0]:
        raise errors.PartError(f"{path.name}: truncated: the text ends before 'endsolid'; copy or export it again")
    names: list[str] = []
    blocks: list[NDArray[np.float64]] = []
    begin = 0
    for is_end, name, start, end in marks:
        if not is_end:
            begin = end
            names.append(name)
        elif len(blocks) < len(names):
            blocks.append(_corners(path, text[begin:start]))
    names = names[: len(blocks)]
    counts = [len(block) // 3 for block in blocks]
    if not sum(counts):
        raise errors.PartError(f"{path.name}: no faces; export it again with the body selected")
    rows = np.concatenate(blocks)
    first, group = equal_rows(rows)
    kept = [i for i, count in enumerate(counts) if count]
    single = len(kept) == 1
    object_names = unique_names(path.stem if single or not names[i].strip() else names[i] for i in kept)
    object_index = np.repeat(np.arange(len(kept), dtype=np.int32), [counts[i] for i in kept])
    return Mesh(rows[first], group.astype(np.int32).reshape(-1, 3), object_names, object_index)


def _corners(path: Path, text: bytes) -> NDArray[np.float64]:
    words = _VERTEX.findall(text)
    facets = len(re.findall(rb"\bendfacet\b", text, re.IGNORECASE))
    try:
        corners = np.array(b" ".join(words).split(), dtype=np.bytes_).astype(np.float64).reshape(-1, 3)
    except ValueError:
        raise errors.PartError(
            f"{path.name}: a vertex line holds something that is no number; export it again"
        ) from None
    if len(corners) != 3 * facets:
        raise errors.PartError(
            f"{path.name}: damaged: {len(corners):,} corners for {facets:,} facets, not three each; export it again"
        )
    return corners
