"""How high a surface stands over a plane."""

from __future__ import annotations

import numpy as np

from ..defects.placement import Place
from ..split import Floats, Ints

_FACING = 0.2  # least cosine between the plane's normal and that of a triangle that counts
_CHUNK = 4_000_000  # pairs of points and triangles at a time


def heights_over(vertices_mm: Floats, triangles: Ints, place: Place, points_mm: Floats, reach_mm: float) -> Floats:
    """(n,) largest height of a surface over points (n, 2) of a place's tangent plane; 0 where there is none.

    Args:
        vertices_mm, triangles: of the surface.
        place: whose plane.
        points_mm: along its axis and across.
        reach_mm: how far above or below the plane the surface may stand to count.
    """
    offset = vertices_mm - place.center_mm
    flat = np.column_stack([offset @ place.axis, offset @ np.cross(place.normal, place.axis)])
    height = offset @ place.normal
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    near = np.abs(height[triangles]).min(axis=1) < reach_mm
    for axis in (0, 1):
        corners = flat[:, axis][triangles]
        near &= (corners.min(axis=1) <= high[axis]) & (corners.max(axis=1) >= low[axis])
    corners = vertices_mm[triangles[near]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = normals @ place.normal > _FACING * np.linalg.norm(normals, axis=1)
    chosen = triangles[near][facing]
    a, b, c = (flat[chosen[:, k]] for k in range(3))
    heights = height[chosen]
    area = _cross(b - a, c - a)
    found = np.full(len(points_mm), -np.inf)
    step = max(1, _CHUNK // max(1, len(chosen)))
    for start in range(0, len(points_mm), step):
        some = points_mm[start : start + step, None]
        v, w = _cross(some - a, c - a) / area, _cross(b - a, some - a) / area
        inside = (v >= -1e-9) & (w >= -1e-9) & (v + w <= 1 + 1e-9)
        there = heights[:, 0] + v * (heights[:, 1] - heights[:, 0]) + w * (heights[:, 2] - heights[:, 0])
        found[start : start + step] = np.where(inside, there, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.abs(found) <= reach_mm, found, 0.0)


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
