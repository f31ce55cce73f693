"""Local refinement: triangles become as small as is wanted where they lie, and no smaller elsewhere.

Source: longest-edge bisection, Rivara (1984): whatever is split, the smallest angle stays above half of what it was.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .split import BorderReached, Floats, Ints, edge_table, split_edges

_MOST_ROUNDS = 60


def refine(
    vertices_mm: Floats,
    triangles: Ints,
    wanted_edge_mm: Callable[[Floats, Floats], Floats],
    where: NDArray[np.bool_] | None = None,
    border: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Ints, NDArray[np.int64]]:
    """Split edges until no triangle has one that is longer than wanted.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3).
        wanted_edge_mm: from centres (k, 3) and radii (k,) of the spheres around triangles to the longest edge (k,)
            that is wanted anywhere in them.
        where: (m,), the triangles of which it is wanted; None: all. Others are split only to stay conforming.
        border: (n,), the vertices that triangles outside these use too; None: none.

    Returns:
        vertices_mm: (n + new, 3), the given ones first.
        triangles: (k, 3).
        parents: (k,), for each triangle the given one that it came from.

    Raises:
        BorderReached: an edge between two vertices of the border would have to be split.
    """
    parents = np.arange(len(triangles))
    fresh = np.ones(len(triangles), dtype=bool)
    for _ in range(_MOST_ROUNDS):
        # What was not split in the last round was short enough in it: only new triangles are looked at.
        looked = np.flatnonzero(fresh if where is None else fresh & where[parents])
        corners = vertices_mm[triangles[looked]]
        sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
        centers = corners.mean(axis=1)
        radii = np.linalg.norm(corners - centers[:, None], axis=2).max(axis=1)
        too_long = looked[sides.max(axis=1, initial=0.0) > wanted_edge_mm(centers, radii)]
        if not len(too_long):
            break
        edges, edge_of = edge_table(triangles)
        lengths = np.linalg.norm(vertices_mm[edges[:, 0]] - vertices_mm[edges[:, 1]], axis=1)
        longest = np.take_along_axis(edge_of, np.argmax(lengths[edge_of], axis=1)[:, None], axis=1)[:, 0]
        marked = np.zeros(len(edges), dtype=bool)
        marked[longest[too_long]] = True
        # A triangle that is split at all is split at its longest edge too; that may reach its neighbour in turn.
        while True:
            touched = marked[edge_of].any(axis=1)
            missing = longest[touched & ~marked[longest]]
            if not len(missing):
                break
            marked[missing] = True
        if border is not None:
            ends = edges[marked]
            if (border[np.minimum(ends, len(border) - 1)] & (ends < len(border))).all(axis=1).any():
                raise BorderReached
        vertex_on = np.full(len(edges), -1, dtype=np.int64)
        vertex_on[marked] = len(vertices_mm) + np.arange(int(marked.sum()))
        vertices_mm = np.concatenate([vertices_mm, vertices_mm[edges[marked]].mean(axis=1)])
        untouched = int((~touched).sum())
        triangles, origin = split_edges(triangles, edge_of, vertex_on, lengths)
        parents = parents[origin]
        fresh = np.arange(len(triangles)) >= untouched
    return vertices_mm, triangles, parents
