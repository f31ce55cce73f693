"""Which triangles meet at which edge, by one sort: also for tens of millions of faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK_FACES = 1 << 18


@dataclass(frozen=True)
class EdgeCounts:
    """What the edges of a mesh say about it.

    Attributes:
        boundary: edges of one triangle only.
        non_manifold: edges of three or more.
        inconsistent: edges whose two triangles run along them in the same direction.
        boundary_vertices: (b,) int64, ascending, the vertices at boundary edges.
    """

    boundary: int
    non_manifold: int
    inconsistent: int
    boundary_vertices: NDArray[np.int64]


@dataclass(frozen=True)
class FacePairs:
    """Triangles that share an edge of exactly two.

    Attributes:
        first, second: (p,) int64, the two triangles.
        same_direction: (p,) bool, both run along the edge in the same direction, so one is wound the wrong way.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same_direction: NDArray[np.bool_]


def _keys(triangles: NDArray[np.int32], vertex_count: int) -> NDArray[np.uint64]:
    """(3m,) one number an edge: equal on the same edge but for the lowest bit, the direction."""
    keys = np.empty(3 * len(triangles), dtype=np.uint64)
    for start in range(0, len(triangles), _CHUNK_FACES):
        origin = triangles[start : start + _CHUNK_FACES].astype(np.uint64)
        target = np.roll(origin, -1, axis=1)
        key = (np.minimum(origin, target) * np.uint64(vertex_count) + np.maximum(origin, target)) << np.uint64(1)
        keys[3 * start : 3 * start + key.size] = (key | (origin > target).astype(np.uint64)).reshape(-1)
    return keys


def count_edges(triangles: NDArray[np.int32], vertex_count: int) -> EdgeCounts:
    """Count the kinds of edges of (m, 3) ``triangles``; none may name the same vertex twice."""
    keys = _keys(triangles, vertex_count)
    keys.sort()
    # A sound mesh passes here on booleans alone: no array of edges is ever made.
    begins = np.ones(len(keys) + 2, dtype=bool)
    begins[1:-2] = (keys[1:] ^ keys[:-1]) > np.uint64(1)
    alone = begins[:-2] & begins[1:-1]
    pair = begins[:-2] & ~begins[1:-1] & begins[2:]
    more = begins[:-2] & ~begins[1:-1] & ~begins[2:]
    boundary = keys[alone] >> np.uint64(1)
    firsts = np.flatnonzero(pair[:-1])
    inconsistent = int(np.count_nonzero(keys[firsts] == keys[firsts + 1])) if len(firsts) else 0
    ends = np.concatenate([boundary // np.uint64(vertex_count), boundary % np.uint64(vertex_count)])
    return EdgeCounts(len(boundary), int(np.count_nonzero(more)), inconsistent, np.unique(ends).astype(np.int64))


def face_pairs(triangles: NDArray[np.int32], vertex_count: int) -> FacePairs:
    """The pairs of triangles that share an edge of exactly two of (m, 3) ``triangles``."""
    keys = _keys(triangles, vertex_count)
    order = np.argsort(keys)
    keys = keys[order]
    begins = np.ones(len(keys) + 2, dtype=bool)
    begins[1:-2] = (keys[1:] ^ keys[:-1]) > np.uint64(1)
    firsts = np.flatnonzero((begins[:-2] & ~begins[1:-1] & begins[2:])[:-1])
    first, second = order[firsts] // 3, order[firsts + 1] // 3
    same = keys[firsts] == keys[firsts + 1]
    # Sorting is free in the order of equal keys; the lower triangle first makes the result a function of the mesh.
    return FacePairs(np.minimum(first, second), np.maximum(first, second), same)
