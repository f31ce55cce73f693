"""Dents: bowls pressed into a mesh, with an outline that the mesh follows exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..refine import refine
from ..split import Floats, Ints, edge_table, split_edges

_EDGES_ACROSS = 10  # mesh edges along the short axis of a dent
_GROWTH = 1.5  # longest edge over distance from the dent, outside it
_ON_OUTLINE = 0.006  # |r2 - 1| under which a vertex counts as lying on the outline: 0.3 % of the radius


@dataclass(frozen=True)
class DentShape:
    """One dent, ready to be pressed in.

    Attributes:
        id: number in the instance mask, 1 and up.
        center_mm, normal: where it lies and the surface's outward unit normal there.
        long_axis: unit vector in the surface along the long axis.
        long_mm, short_mm: half axes of the outline.
        depth_mm: depth at the centre.
    """

    id: int
    center_mm: Floats
    normal: Floats
    long_axis: Floats
    long_mm: float
    short_mm: float
    depth_mm: float

    def local(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Squared relative radius (1 on the outline) and height above the tangent plane in mm of (n, 3) points."""
        offset = points_mm - self.center_mm
        along = offset @ self.long_axis / self.long_mm
        across = offset @ np.cross(self.normal, self.long_axis) / self.short_mm
        return along**2 + across**2, offset @ self.normal


def half_axes_mm(diameter_mm: float, elongation: float) -> tuple[float, float]:
    """Half axes of the ellipse that has the area of a circle of that diameter."""
    return diameter_mm / 2 * math.sqrt(elongation), diameter_mm / 2 / math.sqrt(elongation)


def press(
    vertices_mm: Floats, triangles: Ints, dents: list[DentShape]
) -> tuple[Floats, Ints, Ints, NDArray[np.int64]]:
    """Press dents into a mesh.

    The mesh is refined around each dent, cut along its outline, and moved inwards along the dent's normal by
    depth (1 - r2)2, so that it is level, and level in slope, with the surface at the outline.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3).
        dents: which must not overlap.

    Returns:
        vertices_mm, triangles: the mesh with the dents.
        ids: (k,), for each triangle the id of its dent, 0 outside.
        parents: (k,), for each triangle the given one that it came from.
    """
    parents = np.arange(len(triangles))
    if not dents:
        return vertices_mm, triangles, np.zeros(len(triangles), dtype=np.int32), parents
    vertices_mm, triangles, parents = refine(vertices_mm, triangles, lambda c, r: _wanted_edge_mm(dents, c, r))
    ids = np.zeros(len(triangles), dtype=np.int32)
    for dent in dents:
        vertices_mm, triangles, origin = _cut(vertices_mm, triangles, dent)
        parents, ids = parents[origin], ids[origin]
        patch = _patch(vertices_mm, triangles, dent)
        inside = patch[dent.local(vertices_mm[triangles[patch]].mean(axis=1))[0] < 1.0]
        ids[inside] = dent.id
        moved = np.unique(triangles[inside])
        radius2, _ = dent.local(vertices_mm[moved])
        fall = dent.depth_mm * np.clip(1.0 - radius2, 0.0, 1.0) ** 2
        vertices_mm = vertices_mm.copy()
        vertices_mm[moved] -= fall[:, None] * dent.normal
    return vertices_mm, triangles, ids, parents


def _wanted_edge_mm(dents: list[DentShape], centers: Floats, radii: Floats) -> Floats:
    wanted = np.full(len(centers), np.inf)
    for dent in dents:
        gap = np.linalg.norm(centers - dent.center_mm, axis=1) - radii - dent.long_mm
        wanted = np.minimum(wanted, np.maximum(2 * dent.short_mm / _EDGES_ACROSS, _GROWTH * gap))
    return wanted


def _patch(vertices_mm: Floats, triangles: Ints, dent: DentShape) -> NDArray[np.int64]:
    """Triangles of the surface around a dent: near it, on its side of the part, and not far off its tangent plane."""
    reach = 1.5 * dent.long_mm
    corners = vertices_mm[triangles]
    near = np.flatnonzero((np.abs(corners - dent.center_mm).max(axis=2) < reach).all(axis=1))
    corners = corners[near]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = normals @ dent.normal > 0.5 * np.linalg.norm(normals, axis=1)
    _, height = dent.local(corners.reshape(-1, 3))
    level = (np.abs(height).reshape(-1, 3) < 0.6 * dent.short_mm).all(axis=1)
    return near[facing & level]


def _cut(vertices_mm: Floats, triangles: Ints, dent: DentShape) -> tuple[Floats, Ints, NDArray[np.int64]]:
    """Split the edges that cross a dent's outline, exactly on it."""
    patch = _patch(vertices_mm, triangles, dent)
    edges, edge_of = edge_table(triangles[patch])
    ends = vertices_mm[edges]
    side = (dent.local(ends.reshape(-1, 3))[0] - 1.0).reshape(-1, 2)
    side[np.abs(side) < _ON_OUTLINE] = 0.0
    crossing = np.flatnonzero(side[:, 0] * side[:, 1] < 0)
    first, last = ends[crossing, 0], ends[crossing, 1]
    # r2 is a quadratic along the edge: through its values at both ends and in the middle, so its root is exact.
    start, end = (dent.local(p)[0] - 1.0 for p in (first, last))
    middle = dent.local((first + last) / 2)[0] - 1.0
    a, b = 2 * (start + end - 2 * middle), 4 * middle - 3 * start - end
    root = np.sqrt(np.maximum(b * b - 4 * a * start, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(start > 0, 2 * start / (-b + root), (-b + root) / (2 * a))
    share = np.where(np.isfinite(share) & (share > 0) & (share < 1), share, start / (start - end))
    points = first + share[:, None] * (last - first)
    # The patch's edges are looked up in the whole mesh: a neighbour outside the patch must be split with it.
    all_edges, edge_of = edge_table(triangles)
    span = np.int64(len(vertices_mm))
    keys = all_edges[:, 0].astype(np.int64) * span + all_edges[:, 1]
    cut = edges[crossing]
    vertex_on = np.full(len(all_edges), -1, dtype=np.int64)
    vertex_on[np.searchsorted(keys, cut[:, 0].astype(np.int64) * span + cut[:, 1])] = span + np.arange(len(points))
    lengths = np.linalg.norm(vertices_mm[all_edges[:, 0]] - vertices_mm[all_edges[:, 1]], axis=1)
    triangles, origin = split_edges(triangles, edge_of, vertex_on, lengths)
    return np.concatenate([vertices_mm, points]), triangles, origin
