"""PLY: ascii and binary of both byte orders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..mesh import Mesh
from .polygons import fan
from .text_numbers import parse_numbers

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8",
    "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4",
    "float64": "f8",
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class _Property:
    name: str
    dtype: str
    count_dtype: str | None  # of a list


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: tuple[_Property, ...]


def read_ply(path: Path) -> Mesh:
    """Read a PLY file; coordinates in the unit of the file.

    Raises:
        PartError: truncated, a damaged header, no vertices or no faces.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r")
    order, elements, offset = _header(path, bytes(data[:_LONGEST_HEADER_BYTES]))
    body: Any = data[offset:]
    values: NDArray[np.float64] | None = None
    if not order:
        try:
            values = parse_numbers(bytes(body))
        except ValueError:
            raise errors.PartError(
                f"{path.name}: the text holds something that is no number; export it again"
            ) from None
    vertices, faces = None, None
    position = 0
    for element in elements:
        if element.name not in ("vertex", "face") and vertices is not None and faces is not None:
            break
        columns, position = (
            _ascii_element(path, element, values, position)
            if values is not None
            else _binary_element(path, element, body, position, order)
        )
        if element.name == "vertex":
            if not {"x", "y", "z"} <= columns.keys():
                raise errors.PartError(f"{path.name}: its vertices have no x, y and z; export it again")
            vertices = np.stack([columns[axis][0].astype(np.float64) for axis in "xyz"], axis=1)
        elif element.name == "face":
            faces = columns.get("vertex_indices", columns.get("vertex_index"))
    if vertices is None or faces is None or not len(faces[1]):
        raise errors.PartError(f"{path.name}: no faces (a point cloud?); export it as a mesh of triangles")
    corners, sizes = faces[0].astype(np.int64), faces[1]
    triangles, _ = fan(corners, sizes)
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
        raise errors.PartError(
            f"{path.name}: a face names a vertex that is not there (there are {len(vertices):,}); export it again"
        )
    return Mesh(vertices, triangles.astype(np.int32), (path.stem,), np.zeros(len(triangles), dtype=np.int32))


def _header(path: Path, head: bytes) -> tuple[str, list[_Element], int]:
    damaged = errors.PartError(f"{path.name}: its PLY header is damaged or cut off; export it again")
    end = head.find(b"end_header")
    line_end = head.find(b"\n", end)
    if end < 0 or line_end < 0:
        raise damaged
    order: str | None = None
    elements: list[tuple[str, int, list[_Property]]] = []
    try:
        for line in head[:end].decode("latin-1").splitlines()[1:]:
            words = line.split()
            if not words or words[0] in ("comment", "obj_info"):
                continue
            if words[0] == "format":
                order = _ORDERS[words[1]]
            elif words[0] == "element":
                elements.append((words[1], int(words[2]), []))
            elif words[0] == "property" and words[1] == "list":
                elements[-1][2].append(_Property(words[4], _TYPES[words[3]], _TYPES[words[2]]))
            elif words[0] == "property":
                elements[-1][2].append(_Property(words[2], _TYPES[words[1]], None))
            else:
                raise damaged
    except (IndexError, KeyError, ValueError):
        raise damaged from None
    if order is None or any(count < 0 for _, count, _ in elements):
        raise damaged
    return order, [_Element(name, count, tuple(properties)) for name, count, properties in elements], line_end + 1


_Columns = dict[str, tuple[NDArray[Any], NDArray[np.int64]]]


def _truncated(path: Path, element: _Element) -> errors.PartError:
    return errors.PartError(
        f"{path.name}: truncated: it promises {element.count:,} of element '{element.name}' and ends before; "
        "copy or export it again"
    )


def _binary_element(path: Path, element: _Element, body: Any, start: int, order: str) -> tuple[_Columns, int]:
    """Each property's values and, for a list, the length of each; and where the element ends in ``body``."""
    if element.count == 0 or not element.properties:
        return {p.name: (np.empty(0), np.empty(0, np.int64)) for p in element.properties}, start
    # A list of constant length is read as a fixed record, its length taken from the first: the common case and fast.
    record, position = [], start
    for number, p in enumerate(element.properties):
        if p.count_dtype is None:
            record.append((str(number), order + p.dtype))
            position += int(p.dtype[1])
            continue
        raw = bytes(body[position : position + int(p.count_dtype[1])])
        if len(raw) < int(p.count_dtype[1]):
            raise _truncated(path, element)
        length = int(np.frombuffer(raw, dtype=order + p.count_dtype)[0])
        position += len(raw) + max(length, 0) * int(p.dtype[1])
        if length < 0 or position > len(body):
            raise _truncated(path, element)
        record.append((f"n{number}", order + p.count_dtype))
        record.append((str(number), order + p.dtype, (length,)))  # type: ignore[arg-type]
    dtype = np.dtype(record)
    end = start + dtype.itemsize * element.count
    lists = [i for i, p in enumerate(element.properties) if p.count_dtype is not None]
    if end <= len(body):
        rows = body[start:end].view(dtype)
        if all((rows[f"n{i}"] == rows[f"n{i}"][0]).all() for i in lists):
            columns: _Columns = {}
            for i, p in enumerate(element.properties):
                lengths = rows[f"n{i}"].astype(np.int64) if i in lists else np.empty(0, np.int64)
                columns[p.name] = (np.ascontiguousarray(rows[str(i)]).reshape(-1), lengths)
            return columns, end
    elif not lists:
        raise _truncated(path, element)
    return _binary_element_by_rows(path, element, body, start, order)


def _binary_element_by_rows(path: Path, element: _Element, body: Any, start: int, order: str) -> tuple[_Columns, int]:
    """The same for lists of changing length: polygons of mixed size."""
    smallest = sum(int((p.count_dtype or p.dtype)[1]) for p in element.properties)
    if start + smallest * element.count > len(body):
        raise _truncated(path, element)
    data, position = bytes(body[start:]), 0
    parts: list[list[bytes]] = [[] for _ in element.properties]
    lengths: list[list[int]] = [[] for _ in element.properties]
    byte_order = "big" if order == ">" else "little"
    for _ in range(element.count):
        for i, p in enumerate(element.properties):
            length = 1
            if p.count_dtype is not None:
                width = int(p.count_dtype[1])
                length = int.from_bytes(data[position : position + width], byte_order)  # type: ignore[arg-type]
                position += width
                lengths[i].append(length)
            end = position + length * int(p.dtype[1])
            if end > len(data):
                raise _truncated(path, element)
            parts[i].append(data[position:end])
            position = end
    columns: _Columns = {
        p.name: (np.frombuffer(b"".join(parts[i]), dtype=order + p.dtype), np.array(lengths[i], dtype=np.int64))
        for i, p in enumerate(element.properties)
    }
    return columns, start + position


def _ascii_element(path: Path, element: _Element, values: NDArray[np.float64], start: int) -> tuple[_Columns, int]:
    """The same for text; ``start`` and the returned end count numbers instead of bytes."""
    if len(element.properties) * element.count > len(values) - start:
        raise _truncated(path, element)
    if all(p.count_dtype is None for p in element.properties):
        end = start + len(element.properties) * element.count
        table = values[start:end].reshape(element.count, len(element.properties))
        return {p.name: (table[:, i], np.empty(0, np.int64)) for i, p in enumerate(element.properties)}, end
    parts: list[list[NDArray[np.float64]]] = [[] for _ in element.properties]
    lengths: list[list[int]] = [[] for _ in element.properties]
    position = start
    for _ in range(element.count):
        for i, p in enumerate(element.properties):
            length = 1
            if p.count_dtype is not None:
                if position >= len(values) or not 0 <= values[position] <= len(values):
                    raise _truncated(path, element)
                length = int(values[position])
                lengths[i].append(length)
                position += 1
            if position + length > len(values):
                raise _truncated(path, element)
            parts[i].append(values[position : position + length])
            position += length
    empty = np.empty(0)
    return {
        p.name: (np.concatenate(parts[i]) if parts[i] else empty, np.array(lengths[i], dtype=np.int64))
        for i, p in enumerate(element.properties)
    }, position
