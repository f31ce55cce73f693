"""glTF 2.0 as .glb or .gltf: the triangles of the scene with all transforms applied."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..mesh import Mesh, unique_names

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
# glTF is y up; parts here, like Blender and most CAD, are z up.
_Y_UP_TO_Z_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])


def read_gltf(path: Path) -> Mesh:
    """Read a .glb or .gltf file; coordinates in metres, turned to z up. Objects are the nodes that carry a mesh.

    Raises:
        PartError: truncated, compressed (Draco, meshopt), no triangles, or a buffer outside the file's folder.
    """
    return gltf_mesh(path.name, path.read_bytes(), path.parent, turned_z_up=True)


def gltf_mesh(name: str, data: bytes, folder: Path | None, *, turned_z_up: bool) -> Mesh:
    """The mesh of glTF ``data``; ``name`` is for errors, ``folder`` where external buffers may lie (None: nowhere).

    Each primitive becomes one CAD face in ``cad_face``.
    """
    try:
        document, binary = _split(name, data)
        return _Scene(name, document, binary, folder).mesh(_Y_UP_TO_Z_UP if turned_z_up else np.eye(4))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        # The document is JSON of any shape; what does not fit it surfaces as one of these.
        raise errors.PartError(f"{name}: damaged glTF ({type(problem).__name__}: {problem}); export it again") from None


def _split(name: str, data: bytes) -> tuple[dict[str, Any], bytes | None]:
    if data[:4] != b"glTF":
        return json.loads(data.decode("utf-8-sig")), None
    if int.from_bytes(data[4:8], "little") != 2:
        raise errors.PartError(f"{name}: is glTF of another version than 2; export it again as glTF 2.0")
    if int.from_bytes(data[8:12], "little") > len(data) or len(data) < 20:
        raise errors.PartError(f"{name}: truncated: the file is shorter than its header says; copy or export it again")
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "little")
        kind = data[position + 4 : position + 8]
        if position + 8 + length > len(data):
            raise errors.PartError(f"{name}: truncated: a chunk is cut off; copy or export it again")
        chunks.setdefault(kind, data[position + 8 : position + 8 + length])
        position += 8 + length
    return json.loads(chunks[b"JSON"].decode("utf-8")), chunks.get(b"BIN\0")


class _Scene:
    def __init__(self, name: str, document: dict[str, Any], binary: bytes | None, folder: Path | None) -> None:
        self.name, self.document, self.binary, self.folder = name, document, binary, folder
        self.buffers: dict[int, bytes] = {}
        for extension in _COMPRESSED:
            if extension in document.get("extensionsRequired", ()):
                raise errors.PartError(f"{name}: is compressed ({extension}); export it again without compression")

    def mesh(self, root: NDArray[np.float64]) -> Mesh:
        points: list[NDArray[np.float64]] = []
        triangles: list[NDArray[np.int32]] = []
        names: list[str] = []
        objects: list[NDArray[np.int32]] = []
        cad_faces: list[NDArray[np.int32]] = []
        materials: list[NDArray[np.int32]] = []
        titles = [str(one.get("name") or "") for one in self.document.get("materials", ())]
        vertex_count = face_count = 0
        for title, mesh, matrix in self._instances(root):
            found = False
            for primitive in self.document["meshes"][mesh]["primitives"]:
                local, corners = self._primitive(primitive)
                if not len(corners):
                    continue
                if np.linalg.det(matrix[:3, :3]) < 0:
                    corners = corners[:, ::-1]  # a mirror turns the winding round
                points.append(local @ matrix[:3, :3].T + matrix[:3, 3])
                triangles.append((corners + vertex_count).astype(np.int32))
                objects.append(np.full(len(corners), len(names), dtype=np.int32))
                cad_faces.append(np.full(len(corners), face_count, dtype=np.int32))
                number = int(primitive.get("material", -1))
                materials.append(np.full(len(corners), number if -1 <= number < len(titles) else -1, dtype=np.int32))
                vertex_count += len(local)
                face_count += 1
                found = True
            if found:
                names.append(title)
        if not triangles:
            raise errors.PartError(f"{self.name}: no faces; export it again with the bodies selected, as triangles")
        index, faces = np.concatenate(objects), np.concatenate(cad_faces)
        material = np.concatenate(materials) if any(titles) else None
        known = tuple(titles) if material is not None else ()
        return Mesh(
            np.concatenate(points), np.concatenate(triangles), unique_names(names), index, faces, known, material
        )

    def _instances(self, root: NDArray[np.float64]) -> list[tuple[str, int, NDArray[np.float64]]]:
        """Title, mesh and matrix of each node that carries a mesh, parents first, in the file's order."""
        nodes = self.document.get("nodes", [])
        scenes = self.document.get("scenes")
        if scenes:
            starts = scenes[self.document.get("scene", 0)].get("nodes", [])
        else:
            children = {child for node in nodes for child in node.get("children", ())}
            starts = [i for i in range(len(nodes)) if i not in children]
        result = []
        waiting = [(int(i), root) for i in reversed(starts)]
        visits = 0
        while waiting:
            index, parent = waiting.pop()
            visits += 1
            if index < 0 or visits > len(nodes):
                raise errors.PartError(f"{self.name}: damaged glTF: its nodes form no tree; export it again")
            node = nodes[index]
            matrix = parent @ _matrix(node)
            if "mesh" in node:
                mesh = self.document["meshes"][node["mesh"]]
                result.append((str(node.get("name") or mesh.get("name") or ""), int(node["mesh"]), matrix))
            waiting += [(int(i), matrix) for i in reversed(node.get("children", ()))]
        return result

    def _primitive(self, primitive: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        for extension in _COMPRESSED:
            if extension in primitive.get("extensions", {}):
                raise errors.PartError(f"{self.name}: is compressed ({extension}); export it again without compression")
        mode = primitive.get("mode", 4)
        if mode not in (4, 5, 6) or "POSITION" not in primitive["attributes"]:
            return np.empty((0, 3)), np.empty((0, 3), np.int64)
        points = self._accessor(primitive["attributes"]["POSITION"], 3).astype(np.float64)
        if "indices" in primitive:
            order = self._accessor(primitive["indices"], 1).astype(np.int64).reshape(-1)
        else:
            order = np.arange(len(points))
        if len(order) and (order.min() < 0 or order.max() >= len(points)):
            raise errors.PartError(f"{self.name}: a face names a vertex that is not there; export it again")
        if mode == 4:
            return points, order[: len(order) // 3 * 3].reshape(-1, 3)
        if len(order) < 3:
            return points, np.empty((0, 3), np.int64)
        if mode == 6:
            return points, np.stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]], axis=1)
        strip = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
        strip[1::2] = strip[1::2, [1, 0, 2]]
        return points, strip

    def _accessor(self, index: int, width: int) -> NDArray[Any]:
        accessor = self.document["accessors"][_natural(index)]
        dtype = np.dtype(_COMPONENTS[accessor["componentType"]])
        count = _natural(accessor["count"])
        if _WIDTHS[accessor["type"]] != width or "sparse" in accessor:
            raise errors.PartError(f"{self.name}: has sparse or unexpected arrays; export it again as plain triangles")
        if "bufferView" not in accessor:
            raise errors.PartError(f"{self.name}: an array has no data; export it again without compression")
        view = self.document["bufferViews"][_natural(accessor["bufferView"])]
        buffer = self._buffer(_natural(view["buffer"]))
        start, length = _natural(view.get("byteOffset", 0)), _natural(view["byteLength"])
        stride = _natural(view.get("byteStride", 0)) or dtype.itemsize * width
        offset = _natural(accessor.get("byteOffset", 0))
        needed = offset + stride * (count - 1) + dtype.itemsize * width if count else 0
        if start + length > len(buffer) or needed > length or stride < dtype.itemsize * width:
            raise errors.PartError(f"{self.name}: truncated: an array ends behind its buffer; copy or export it again")
        if not count:
            return np.empty((0, width), dtype)
        values: NDArray[Any] = np.ndarray((count, width), dtype, buffer, start + offset, (stride, dtype.itemsize))
        if accessor.get("normalized") and dtype.kind in "iu":
            return np.maximum(values / np.iinfo(dtype).max, -1.0)
        return values

    def _buffer(self, index: int) -> bytes:
        if index not in self.buffers:
            self.buffers[index] = self._load(self.document["buffers"][index])
        return self.buffers[index]

    def _load(self, buffer: dict[str, Any]) -> bytes:
        uri = buffer.get("uri")
        if uri is None:
            if self.binary is None:
                raise errors.PartError(f"{self.name}: truncated: its binary part is missing; copy or export it again")
            return self.binary
        if uri.startswith("data:"):
            return base64.b64decode(uri.split(",", 1)[1], validate=True)
        relative = Path(unquote(uri))
        if self.folder is None or "://" in uri or relative.is_absolute():
            raise errors.PartError(f"{self.name}: its data lie elsewhere ('{uri}'); export it again as one .glb file")
        target = (self.folder / relative).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            raise errors.PartError(
                f"{self.name}: its data lie outside its folder ('{uri}'); export it as one .glb file"
            )
        try:
            return target.read_bytes()
        except OSError:
            raise errors.PartError(
                f"{self.name}: '{uri}' is missing beside it; copy both, or export one .glb"
            ) from None


def _natural(value: Any) -> int:
    number = int(value)
    if number < 0 or number != value:
        raise ValueError(f"{value!r} where a whole number is expected")
    return number


def _matrix(node: dict[str, Any]) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = (float(v) for v in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix
