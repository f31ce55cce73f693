"""Small writers of CAD files and simple meshes, so that the tests bring no files of their own."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.geometry.mesh import Mesh

PARTS = Path(__file__).resolve().parents[2] / "manifests" / "examples" / "parts"
BOX_QUADS = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])


def box(size=(1.0, 2.0, 3.0), low=(0.0, 0.0, 0.0)):
    """Vertices and triangles of a closed box, wound outward."""
    bits = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], dtype=float)
    triangles = np.concatenate([BOX_QUADS[:, [0, 1, 2]], BOX_QUADS[:, [0, 2, 3]]])
    return bits * size + low, triangles.astype(np.int32)


def torus(n: int = 40, ring: float = 30.0, tube: float = 10.0):
    """Vertices and triangles of a closed torus of 2 n^2 faces, wound outward."""
    u, v = np.meshgrid(np.arange(n) * 2 * np.pi / n, np.arange(n) * 2 * np.pi / n, indexing="ij")
    out = ring + tube * np.cos(v)
    points = np.stack([out * np.cos(u), out * np.sin(u), tube * np.sin(v)], axis=-1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    a, b, c, d = (((i + di) % n * n + (j + dj) % n).reshape(-1) for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)))
    return points, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def mesh(points, triangles, names=("part",), object_index=None) -> Mesh:
    triangles = np.asarray(triangles, dtype=np.int32)
    index = np.zeros(len(triangles), np.int32) if object_index is None else np.asarray(object_index, np.int32)
    return Mesh(np.asarray(points, dtype=float), triangles, tuple(names), index)


def volume(m: Mesh) -> float:
    a, b, c = (m.vertices_mm[m.triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def binary_stl(points, triangles, header: bytes = b"made by a test") -> bytes:
    records = np.zeros(len(triangles), dtype=[("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")])
    records["c"] = np.asarray(points)[triangles]
    return header.ljust(80)[:80] + len(triangles).to_bytes(4, "little") + records.tobytes()


def ascii_stl(solids: dict[str, tuple[Any, Any]]) -> bytes:
    lines = []
    for name, (points, triangles) in solids.items():
        lines.append(f"solid {name}")
        for corners in np.asarray(points)[triangles]:
            lines += ["facet normal 0 0 0", "  outer loop"]
            lines += [f"    vertex {x!r} {y!r} {z!r}" for x, y, z in corners.tolist()]
            lines += ["  endloop", "endfacet"]
        lines.append(f"endsolid {name}")
    return "\n".join(lines).encode() + b"\n"


def obj(points, polygons) -> bytes:
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in np.asarray(points, dtype=float).tolist()]
    return "\n".join(lines + ["f " + " ".join(str(i + 1) for i in p) for p in polygons]).encode() + b"\n"


def ply(points, polygons, kind: str = "ascii") -> bytes:
    order = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}[kind]
    head = (
        f"ply\nformat {kind} 1.0\ncomment of a test\nelement vertex {len(points)}\nproperty float x\nproperty float y\n"
        f"property float z\nproperty uchar red\nelement face {len(polygons)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    ).encode()
    if not order:
        lines = [f"{x!r} {y!r} {z!r} 7" for x, y, z in np.asarray(points, dtype=float).tolist()]
        lines += [" ".join(str(i) for i in (len(p), *p)) for p in polygons]
        return head + "\n".join(lines).encode() + b"\n"
    rows = np.zeros(len(points), dtype=[("xyz", order + "f4", 3), ("red", "u1")])
    rows["xyz"] = points
    faces = b"".join(bytes([len(p)]) + np.asarray(p, dtype=order + "i4").tobytes() for p in polygons)
    return head + rows.tobytes() + faces


def gltf(points, triangles, nodes: list[dict[str, Any]], roots: list[int]) -> tuple[dict[str, Any], bytes]:
    """A document with one mesh and its buffer; ``nodes`` as glTF writes them."""
    triangles = np.asarray(triangles, dtype="<u2")
    data = np.asarray(points, dtype="<f4").tobytes() + triangles.tobytes()
    split = 12 * len(points)
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": roots}],
        "nodes": nodes,
        "meshes": [{"name": "mesh", "primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": triangles.size, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": split},
            {"buffer": 0, "byteOffset": split, "byteLength": len(data) - split},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    return document, data


def glb(document: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    body = len(text).to_bytes(4, "little") + b"JSON" + text + len(data).to_bytes(4, "little") + b"BIN\0" + data
    return b"glTF" + (2).to_bytes(4, "little") + (12 + len(body)).to_bytes(4, "little") + body


def embedded(document: dict[str, Any], data: bytes) -> bytes:
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return json.dumps({**document, "buffers": [{"byteLength": len(data), "uri": uri}]}).encode()
