"""Where defects lie on a surface."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..split import Floats, Ints

_LEVEL = math.cos(math.radians(25))  # a footprint's normals stay within this of the normal at its centre
_RIM = 24  # points of an outline that must lie on the surface


class Ground:
    """A surface on which places are looked for.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3).
    """

    def __init__(self, vertices_mm: Floats, triangles: Ints) -> None:
        self.corners = vertices_mm[triangles]
        cross = np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])
        doubled = np.linalg.norm(cross, axis=1)
        self.areas_mm2 = doubled / 2
        self.normals = cross / np.maximum(doubled, 1e-30)[:, None]
        self.centers = self.corners.mean(axis=1)
        self.radii = np.linalg.norm(self.corners - self.centers[:, None], axis=2).max(axis=1)

    def seen_from(self, eyes_mm: Floats, facing_deg: float) -> np.ndarray:
        """(m,) whether some of the eyes (v, 3) sees a triangle at less than that angle from its normal."""
        seen = np.zeros(len(self.centers), dtype=bool)
        for eye in eyes_mm:
            line = eye - self.centers
            line /= np.linalg.norm(line, axis=1)[:, None]
            seen |= np.einsum("ij,ij->i", line, self.normals) > math.cos(math.radians(facing_deg))
        return seen

    def by_area(self, allowed: np.ndarray, random: np.random.Generator, tries: int) -> Iterator[tuple[Floats, Floats]]:
        """Points (3,) and normals (3,), each square millimetre of the allowed triangles (m,) equally likely."""
        sums = np.cumsum(np.where(allowed, self.areas_mm2, 0.0))
        if not len(sums) or sums[-1] <= 0:
            return
        for _ in range(tries):
            pick, a, b = random.random(3)
            face = min(int(np.searchsorted(sums, pick * sums[-1], side="right")), len(sums) - 1)
            root = math.sqrt(a)
            weights = np.array([1 - root, root * (1 - b), root * b])
            yield weights @ self.corners[face], self.normals[face]

    def nearest(self, position_mm: Floats) -> tuple[Floats, Floats]:
        """The point (3,) of the surface nearest to a position, and its normal (3,)."""
        bound = np.linalg.norm(self.centers - position_mm, axis=1) - self.radii
        best, found, face = math.inf, self.centers[0], 0
        for candidate in np.argsort(bound):
            if bound[candidate] >= best:
                break
            point = _nearest_on_triangle(position_mm, self.corners[candidate])
            distance = float(np.linalg.norm(point - position_mm))
            if distance < best:
                best, found, face = distance, point, int(candidate)
        return found, self.normals[face]

    def holds(self, center_mm: Floats, normal: Floats, long_axis: Floats, long_mm: float, short_mm: float) -> bool:
        """Whether an elliptic footprint lies whole on the surface, where that is nearly flat."""
        reach = 1.15 * long_mm
        near = np.flatnonzero(np.linalg.norm(self.centers - center_mm, axis=1) - self.radii < reach)
        short_axis = np.cross(normal, long_axis)
        offset = self.corners[near] - center_mm
        height = offset @ normal
        plane = np.stack([offset @ long_axis, offset @ short_axis], axis=-1)
        turn = np.linspace(0, 2 * math.pi, _RIM, endpoint=False)
        circle = np.column_stack([np.cos(turn) * long_mm, np.sin(turn) * short_mm]) * 1.15
        probes = np.concatenate([circle, 0.5 * circle, np.zeros((1, 2))])
        level = (self.normals[near] @ normal > _LEVEL) & (np.abs(height).min(axis=1) < 0.4 * short_mm)
        covered = _cover(plane[level], probes)
        steep = ~level & (height.min(axis=1) < 0.4 * short_mm) & (height.max(axis=1) > -0.4 * short_mm)
        return bool(covered.all()) and not _cover(plane[steep], probes).any()


def _cover(triangles: Floats, points: Floats) -> np.ndarray:
    """(p,) whether plane points (p, 2) lie in one of the plane triangles (k, 3, 2), whatever their winding."""
    if not len(triangles):
        return np.zeros(len(points), dtype=bool)
    sides = np.roll(triangles, -1, axis=1) - triangles
    offset = points[:, None, None] - triangles
    turn = sides[..., 0] * offset[..., 1] - sides[..., 1] * offset[..., 0]
    inside = (turn >= -1e-12).all(axis=2) | (turn <= 1e-12).all(axis=2)
    return inside.any(axis=1)


def _nearest_on_triangle(point: Floats, corners: Floats) -> Floats:
    a, b, c = corners
    normal = np.cross(b - a, c - a)
    if normal @ normal > 0:
        foot = point - (point - a) @ normal / (normal @ normal) * normal
        if all(np.cross(q - p, foot - p) @ normal >= 0 for p, q in ((a, b), (b, c), (c, a))):
            return foot
    feet = []
    for p, q in ((a, b), (b, c), (c, a)):
        side = q - p
        share = np.clip((point - p) @ side / max(side @ side, 1e-30), 0.0, 1.0)
        feet.append(p + share * side)
    return min(feet, key=lambda foot: float(np.linalg.norm(foot - point)))
