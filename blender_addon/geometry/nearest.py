"""Exact distances from points to a surface of triangles: a tree of boxes, searched level by level in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAF_TRIANGLES = 4
_CHUNK_POINTS = 8192
_LARGEST_FRONT = 1 << 20
_SPREAD = ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F), (4, 0x10C30C30C30C30C3),
           (2, 0x1249249249249249))  # fmt: skip

Floats = NDArray[np.float64]


class TriangleTree:
    """A complete binary tree of bounding boxes over triangles in Morton order.

    Unlike a uniform grid it does not mind triangles as long as the part beside tiny ones, which every decimated CAD
    part has.
    """

    def __init__(self, vertices: Floats, triangles: NDArray[np.int32]) -> None:
        """Args:
        vertices: (n, 3).
        triangles: (m, 3), m > 0.
        """
        corners = vertices[triangles]
        centres = corners.mean(axis=1)
        self.low = centres.min(axis=0)
        self.extent = float((centres.max(axis=0) - self.low).max()) or 1.0
        codes = _morton(centres, self.low, self.extent)
        self.order = np.argsort(codes, kind="stable")
        self.codes = codes[self.order]
        corners = corners[self.order]
        self.depth = max(0, int(np.ceil(np.log2(len(triangles) / _LEAF_TRIANGLES))))
        # The last triangle fills the leaves up: it changes no distance.
        self.slots = np.minimum(np.arange(_LEAF_TRIANGLES << self.depth), len(triangles) - 1)
        self.corners = corners
        low = corners.min(axis=1)[self.slots].reshape(-1, _LEAF_TRIANGLES, 3).min(axis=1)
        high = corners.max(axis=1)[self.slots].reshape(-1, _LEAF_TRIANGLES, 3).max(axis=1)
        self.boxes = [(low, high)]
        for _ in range(self.depth):
            low, high = low.reshape(-1, 2, 3).min(axis=1), high.reshape(-1, 2, 3).max(axis=1)
            self.boxes.append((low, high))
        self.boxes.reverse()

    def nearest(self, points: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """(k,) distance of each of the (k, 3) points to the surface, exact, and (k,) the triangle it is reached at."""
        distance, triangle = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
        for start in range(0, len(points), _CHUNK_POINTS):
            part = slice(start, start + _CHUNK_POINTS)
            distance[part], triangle[part] = self._nearest(points[part])
        return distance, triangle

    def _nearest(self, points: Floats) -> tuple[Floats, NDArray[np.int64]]:
        # Triangles beside the point on the curve are close already; all that lies farther than they is cut below.
        best = self._leaf_distances(points, self._leaf_on_curve(points)).min(axis=1)
        for step in (-1, 1):
            leaf = np.clip(self._leaf_on_curve(points) + step, 0, (1 << self.depth) - 1)
            best = np.minimum(best, self._leaf_distances(points, leaf).min(axis=1))
        # Room for rounding: a box may seem a hair farther than the triangle in it.
        reach = best * (1.0 + 1e-9) + (1e-12 * self.extent) ** 2
        owner = np.arange(len(points))
        node = np.zeros(len(points), dtype=np.int64)
        for level in range(1, self.depth + 1):
            owner, node = np.repeat(owner, 2), np.repeat(2 * node, 2)
            node[1::2] += 1
            keep = self._box_distance(points[owner], level, node) <= reach[owner]
            owner, node = owner[keep], node[keep]
            if len(owner) > _LARGEST_FRONT and len(points) > 1:
                # Points as far from everything as a sphere's centre: fewer at a time keep memory in bounds.
                halves = [self._nearest(half) for half in np.array_split(points, 2)]
                return np.concatenate([h[0] for h in halves]), np.concatenate([h[1] for h in halves])
        squared = self._leaf_distances(points[owner], node).reshape(-1)
        slot = self._leaf_slots(node).reshape(-1)
        owner = np.repeat(owner, _LEAF_TRIANGLES)
        np.minimum.at(best, owner, squared)
        winner = np.full(len(points), len(self.order), dtype=np.int64)
        hit = squared == best[owner]
        np.minimum.at(winner, owner[hit], slot[hit])
        return np.sqrt(best), self.order[winner]

    def _leaf_on_curve(self, points: Floats) -> NDArray[np.int64]:
        position = np.searchsorted(self.codes, _morton(points, self.low, self.extent))
        return np.asarray(np.minimum(position, len(self.codes) - 1) // _LEAF_TRIANGLES)

    def _box_distance(self, points: Floats, level: int, node: NDArray[np.int64]) -> Floats:
        low, high = self.boxes[level]
        outside = np.maximum(np.maximum(low[node] - points, points - high[node]), 0.0)
        return _dot(outside, outside)

    def _leaf_slots(self, node: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(self.slots[node[:, None] * _LEAF_TRIANGLES + np.arange(_LEAF_TRIANGLES)])

    def _leaf_distances(self, points: Floats, node: NDArray[np.int64]) -> Floats:
        corners = self.corners[self._leaf_slots(node).reshape(-1)]
        return squared_distance(np.repeat(points, _LEAF_TRIANGLES, axis=0), corners).reshape(-1, _LEAF_TRIANGLES)


def squared_distance(points: Floats, corners: Floats) -> Floats:
    """(k,) squared distance of each (k, 3) point to its own triangle, (k, 3, 3); triangles without area are allowed."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    best = np.minimum(_to_segment(points, a, b), np.minimum(_to_segment(points, b, c), _to_segment(points, c, a)))
    ab, ac, ap = b - a, c - a, points - a
    normal = np.cross(ab, ac)
    area = _dot(normal, normal)
    # Barycentric coordinates of the foot on the plane; where it lies inside, the plane is nearer than every edge.
    v, w = _dot(np.cross(ap, ac), normal), _dot(np.cross(ab, ap), normal)
    inside = (area > 0.0) & (v >= 0.0) & (w >= 0.0) & (v + w <= area)
    height = _dot(ap, normal)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(inside, np.minimum(best, height * height / area), best)


def _to_segment(points: Floats, start: Floats, end: Floats) -> Floats:
    along, to_point = end - start, points - start
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(np.clip(_dot(to_point, along) / _dot(along, along), 0.0, 1.0))
    rest = to_point - share[:, None] * along
    return _dot(rest, rest)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", a, b))


def _morton(points: Floats, low: Floats, extent: float) -> NDArray[np.uint64]:
    """(m,) position of each point along a curve that keeps neighbours together, 20 bits an axis; outside is clipped."""
    cells = (np.clip((points - low) / extent, 0.0, 1.0) * (2**20 - 1)).astype(np.uint64)
    for shift, mask in _SPREAD:
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.asarray(cells[:, 0] | (cells[:, 1] << np.uint64(1)) | (cells[:, 2] << np.uint64(2)))
