"""How far the decimated surface lies from the original one, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mesh import Mesh
from ..nearest import TriangleTree

FORWARD_POINTS = 100_000
"""Most vertices of the original that are measured; of more, every k-th."""
BACK_POINTS = 20_000
"""Most points of the decimated surface (vertices and face centres) that are measured."""
_WHOLE_TREE_FACES = 4_000_000
_BACK_POINTS_HUGE = 1_000
_CHUNK_FACES = 1 << 18
_TABLE_BITS = 24

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """Distances between two surfaces.

    Attributes:
        max_mm: largest distance of a measured point of either surface to the other one.
        mean_mm: mean over the measured points of the original.
        points: how many points were measured, both directions together. Each distance is exact; between the points the
            surfaces may lie farther apart when not all vertices of the original were measured.
    """

    max_mm: float
    mean_mm: float
    points: int


def deviation(original: Mesh, decimated: Mesh) -> Deviation:
    """Measure both directions: vertices of the original, then vertices and face centres of the decimated surface."""
    if decimated is original:
        return Deviation(0.0, 0.0, 0)
    forward = _spread(original.vertices_mm, FORWARD_POINTS)
    there, _ = TriangleTree(decimated.vertices_mm, decimated.triangles).nearest(forward)
    centres = decimated.vertices_mm[decimated.triangles].mean(axis=1)
    huge = original.face_count > _WHOLE_TREE_FACES
    back = _spread(np.concatenate([decimated.vertices_mm, centres]), _BACK_POINTS_HUGE if huge else BACK_POINTS)
    back_mm = _to_huge(original, back, float(there.max())) if huge else _to_all(original, back)
    return Deviation(float(max(there.max(), back_mm.max())), float(there.mean()), len(forward) + len(back))


def _spread(points: Floats, most: int) -> Floats:
    if len(points) <= most:
        return points
    return np.asarray(points[np.arange(most) * (len(points) - 1) // (most - 1)])


def _to_all(mesh: Mesh, points: Floats) -> Floats:
    return TriangleTree(mesh.vertices_mm, mesh.triangles).nearest(points)[0]


def _to_huge(mesh: Mesh, points: Floats, expected_mm: float) -> Floats:
    """The same for millions of triangles: a tree over those only that lie in cells around the points."""
    sample = mesh.vertices_mm[mesh.triangles[:: mesh.face_count // 10_000]]
    typical_mm = float(np.percentile(np.ptp(sample, axis=1).max(axis=1), 99.0))
    cell_mm = max(mesh.diagonal_mm() / 1024.0, 2.0 * expected_mm, 5.0 * typical_mm)
    triangles = mesh.triangles[_around(mesh, points, cell_mm)]
    if len(triangles):
        distance_mm = TriangleTree(mesh.vertices_mm, triangles).nearest(points)[0]
        # A triangle left out has its centre a whole cell away and reaches a quarter of one.
        if distance_mm.max() <= 0.75 * cell_mm:
            return distance_mm
    return _to_all(mesh, points)


def _around(mesh: Mesh, points: Floats, cell_mm: float) -> NDArray[np.bool_]:
    """(m,) triangles with their centre in the cell of a point or a neighbouring one, and all that are large."""
    low = mesh.bounds_mm()[0]
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 1, 3)
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    table[_slot(np.floor((points - low) / cell_mm).astype(np.int64) + steps)] = True
    keep = np.empty(mesh.face_count, dtype=bool)
    for start in range(0, mesh.face_count, _CHUNK_FACES):
        part = slice(start, start + _CHUNK_FACES)
        a, b, c = (mesh.vertices_mm[mesh.triangles[part, i]] for i in range(3))
        centre = (a + b + c) / 3.0
        reach = np.maximum(np.maximum(np.abs(a - centre), np.abs(b - centre)), np.abs(c - centre)).max(axis=1)
        near = table[_slot(np.floor((centre - low) / cell_mm).astype(np.int64))]
        keep[part] = near | (reach > 0.25 / np.sqrt(3.0) * cell_mm)
    return keep


def _slot(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    # Two cells may share a slot: that keeps a few triangles too many, never one too few.
    mixed = (cells[..., 0] * 73856093) ^ (cells[..., 1] * 19349663) ^ (cells[..., 2] * 83492791)
    return np.asarray(mixed & ((1 << _TABLE_BITS) - 1))
