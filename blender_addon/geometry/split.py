"""Splitting of edges: the one operation by which a mesh is refined and cut, without ever opening a crack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class BorderReached(Exception):
    """A split would go beyond the piece of a mesh that is worked on; take a larger piece."""


def edge_table(triangles: Ints) -> tuple[Ints, NDArray[np.int64]]:
    """Edges of triangles.

    Args:
        triangles: (m, 3) vertex indices.

    Returns:
        edges: (e, 2), each edge once, smaller index first.
        edge_of: (m, 3), for each corner k the edge to the next corner.
    """
    pairs = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2).astype(np.int64)
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    span = int(high.max(initial=0)) + 1
    keys, inverse = np.unique(low * span + high, return_inverse=True)
    edges = np.column_stack([keys // span, keys % span]).astype(np.int32)
    return edges, inverse.reshape(-1, 3)


def split_edges(
    triangles: Ints, edge_of: NDArray[np.int64], vertex_on: NDArray[np.int64], length_mm: Floats
) -> tuple[Ints, NDArray[np.int64]]:
    """Split triangles at vertices that lie on their edges.

    Every triangle is cut by the edges it has, so both sides of an edge agree and the mesh stays closed.

    Args:
        triangles: (m, 3).
        edge_of: (m, 3), as :func:`edge_table` gives it.
        vertex_on: (e,) for each edge the index of the vertex on it, -1 where it is not split.
        length_mm: (e,) lengths, which decide the diagonal where two edges of a triangle are split.

    Returns:
        triangles: (k, 3), the untouched ones first and in their order, winding kept.
        parents: (k,), for each the triangle that it came from.
    """
    on = vertex_on[edge_of]
    marks = (on >= 0).sum(axis=1)
    pieces = [triangles[marks == 0]]
    parents = [np.flatnonzero(marks == 0)]

    def add(owner: NDArray[np.int64], *corners: NDArray[np.int64]) -> None:
        pieces.append(np.column_stack(corners).astype(np.int32))
        parents.append(owner)

    # Each case is turned so that its odd edge or corner comes first.
    one = np.flatnonzero(marks == 1)
    (a, b, c), (ab, _, _) = _turned(triangles, on, one, np.argmax(on[one] >= 0, axis=1))
    add(one, a, ab, c)
    add(one, ab, b, c)

    two = np.flatnonzero(marks == 2)
    free = np.argmax(on[two] < 0, axis=1)
    (a, b, c), (ab, _, ca) = _turned(triangles, on, two, (free + 2) % 3)
    edges = edge_of[two]
    rows = np.arange(len(two))
    first_longer = length_mm[edges[rows, (free + 2) % 3]] >= length_mm[edges[rows, (free + 1) % 3]]
    add(two, a, ab, ca)
    add(two[first_longer], ab[first_longer], b[first_longer], c[first_longer])
    add(two[first_longer], ab[first_longer], c[first_longer], ca[first_longer])
    other = ~first_longer
    add(two[other], ab[other], b[other], ca[other])
    add(two[other], b[other], c[other], ca[other])

    three = np.flatnonzero(marks == 3)
    (a, b, c), (ab, bc, ca) = _turned(triangles, on, three, np.zeros(len(three), dtype=np.int64))
    add(three, a, ab, ca)
    add(three, ab, b, bc)
    add(three, ca, bc, c)
    add(three, ab, bc, ca)
    return np.concatenate(pieces), np.concatenate(parents)


def _turned(triangles, on, rows, first):  # type: ignore[no-untyped-def]
    order = (first[:, None] + np.arange(3)) % 3
    corners = np.take_along_axis(triangles[rows], order, axis=1)
    middles = np.take_along_axis(on[rows], order, axis=1)
    return corners.T.astype(np.int64), middles.T
