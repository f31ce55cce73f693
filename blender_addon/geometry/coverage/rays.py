"""Where segments first meet a surface: exact, by the tree of boxes that nearest points are looked up in."""

from __future__ import annotations

import numpy as np

from ..nearest import Floats, TriangleTree
from ..split import Ints

_CHUNK_RAYS = 16_384
_LARGEST_FRONT = 1 << 20


def first_hit(tree: TriangleTree, starts: Floats, ends: Floats) -> tuple[Floats, Ints]:
    """First meeting of each segment with the surface, from either side of it.

    Args:
        tree: the surface.
        starts: (k, 3).
        ends: (k, 3).

    Returns:
        (k,) place along the segment, 0 to 1, infinity where it meets nothing; (k,) the triangle, -1 for none.
    """
    place, triangle = np.full(len(starts), np.inf), np.full(len(starts), -1, dtype=np.int64)
    for begin in range(0, len(starts), _CHUNK_RAYS):
        part = slice(begin, begin + _CHUNK_RAYS)
        place[part], triangle[part] = _first_hit(tree, starts[part], ends[part] - starts[part])
    return place, triangle


def is_hidden(tree: TriangleTree, points: Floats, eyes: Floats, gap_mm: float) -> np.ndarray:
    """(k,) whether the surface lies between points (k, 3) on it and eyes (k, 3), its first ``gap_mm`` not counted."""
    line = eyes - points
    length = np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-30)
    place, _ = first_hit(tree, points + line * np.minimum(gap_mm / length, 1.0), eyes)
    return np.isfinite(place)


def _first_hit(tree: TriangleTree, starts: Floats, lines: Floats) -> tuple[Floats, Ints]:
    # A component of zero would make 0 * infinity where a segment runs along the side of a box.
    inverse = 1.0 / np.where(np.abs(lines) < 1e-30, 1e-30, lines)
    owner, node = np.arange(len(starts)), np.zeros(len(starts), dtype=np.int64)
    for level in range(tree.depth + 1):
        if level:
            owner, node = np.repeat(owner, 2), np.repeat(2 * node, 2)
            node[1::2] += 1
        low, high = tree.boxes[level]
        near, far = (low[node] - starts[owner]) * inverse[owner], (high[node] - starts[owner]) * inverse[owner]
        enter, leave = np.minimum(near, far).max(axis=1), np.maximum(near, far).min(axis=1)
        # Room for rounding: a flat box is as thin as its triangles.
        keep = (enter <= leave + 1e-9) & (leave >= -1e-9) & (enter <= 1 + 1e-9)
        owner, node = owner[keep], node[keep]
        if len(owner) > _LARGEST_FRONT and len(starts) > 1:
            middle = len(starts) // 2
            parts = [_first_hit(tree, starts[p], lines[p]) for p in (slice(middle), slice(middle, None))]
            return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    leaf = len(tree.slots) >> tree.depth
    slot = tree.slots[node[:, None] * leaf + np.arange(leaf)].reshape(-1)
    owner = np.repeat(owner, leaf)
    at = meet(starts[owner], lines[owner], tree.corners[slot])
    place = np.full(len(starts), np.inf)
    np.minimum.at(place, owner, at)
    winner = np.full(len(starts), len(tree.order), dtype=np.int64)
    hit = np.isfinite(at) & (at == place[owner])
    np.minimum.at(winner, owner[hit], slot[hit])
    found = winner < len(tree.order)
    return place, np.where(found, tree.order[np.where(found, winner, 0)], -1)


def meet(starts: Floats, lines: Floats, corners: Floats) -> Floats:
    """(k,) place, 0 to 1, at which each segment (k, 3) + (k, 3) meets its own triangle (k, 3, 3), infinity for none.

    Source: Moeller and Trumbore, Fast, minimum storage ray-triangle intersection (1997).
    """
    first, second, offset = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], starts - corners[:, 0]
    across, turned = np.cross(lines, second), np.cross(offset, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1.0 / _dot(first, across)
        u, v, t = _dot(offset, across) * scale, _dot(lines, turned) * scale, _dot(second, turned) * scale
        # A hair of overlap: a segment through an edge must not slip between two triangles.
        inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t >= 0) & (t <= 1)
    return np.where(inside, t, np.inf)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", a, b))
