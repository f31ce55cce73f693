"""Where defects lie on a surface."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..split import Floats, Ints, edge_table
from .forms import Form

_LEVEL = math.cos(math.radians(25))  # a footprint's normals stay within this of the normal at its centre


_SHARP = math.cos(math.radians(30))  # an edge whose faces turn by more than this can chip
_STEEPEST = math.cos(math.radians(75))  # between a face beside an edge and the plane across the edge


class Ground:
    """A surface on which places are looked for.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3).
    """

    def __init__(self, vertices_mm: Floats, triangles: Ints) -> None:
        self.vertices_mm, self.triangles = vertices_mm, triangles
        self.corners = vertices_mm[triangles]
        cross = np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])
        doubled = np.linalg.norm(cross, axis=1)
        self.areas_mm2 = doubled / 2
        self.normals = cross / np.maximum(doubled, 1e-30)[:, None]
        self.centers = self.corners.mean(axis=1)
        self.radii = np.linalg.norm(self.corners - self.centers[:, None], axis=2).max(axis=1)

    @cached_property
    def edges(self) -> SharpEdges:
        """The convex edges that can chip."""
        return SharpEdges.of(self)

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

    def turn_near(self, center_mm: Floats, normal: Floats, radius_mm: float) -> float:
        """Cosine of the largest angle between a normal and those of the surface within a radius of a point."""
        cosines = self.normals @ normal
        near = np.linalg.norm(self.centers - center_mm, axis=1) - self.radii < radius_mm
        for face in np.flatnonzero(near)[np.argsort(cosines[near])]:
            if np.linalg.norm(_nearest_on_triangle(center_mm, self.corners[face]) - center_mm) < radius_mm:
                return float(cosines[face])
        return 1.0

    def _within(self, center_mm: Floats, reach_mm: float) -> np.ndarray:
        """Triangles whose bounding spheres come nearer to a point than a reach, ascending."""
        axis, order, along, largest = self._rows
        slab = (reach_mm + largest) * (1 + 1e-9)
        first, last = np.searchsorted(along, (center_mm[axis] - slab, center_mm[axis] + slab))
        there = np.sort(order[first:last])
        return there[np.linalg.norm(self.centers[there] - center_mm, axis=1) - self.radii[there] < reach_mm]

    @cached_property
    def _rows(self) -> tuple[int, np.ndarray, Floats, float]:
        """The longest axis, the triangles in order along it, their centers on it, and the largest radius.

        A place that is looked for is tried a thousand times: only what lies beside it is measured.
        """
        axis = int(np.argmax(np.ptp(self.centers, axis=0)))
        order = np.argsort(self.centers[:, axis], kind="stable")
        return axis, order, self.centers[order, axis], float(self.radii.max())

    def holds(self, place: Place, form: Form) -> bool:
        """Whether a form's footprint lies whole on the surface, where that is nearly as it is at the place itself."""
        across = np.cross(place.normal, place.axis)
        probes = form.probes_mm()
        reach = float(np.linalg.norm(probes, axis=1).max())
        near = self._within(place.center_mm, reach)
        offset = self.corners[near] - place.center_mm
        height = offset @ place.normal
        plane = np.stack([offset @ place.axis, offset @ across], axis=-1)
        sag = form.sag_mm
        facing = self.normals[near] @ place.normal
        if place.slope:
            # Beside an edge the two faces fall away by its slope, and by no other.
            own = np.abs(np.arccos(np.clip(facing, -1, 1)) - math.atan(place.slope)) < math.radians(15)
        else:
            own = facing > _LEVEL
        level = own & (np.abs(height).min(axis=1) < sag)
        # A few probes tell nearly always where there is no room.
        if not _cover(plane[level], probes[::6]).all():
            return False
        covered = _cover(plane[level], probes)
        # What looks the other way below is the far side of a thin part, and in nobody's way.
        behind = (facing < 0) & (height.max(axis=1) < 0)
        steep = ~level & ~behind & (height.min(axis=1) < sag) & (height.max(axis=1) > -sag)
        return bool(covered.all()) and not _cover(plane[steep], probes).any()


@dataclass(frozen=True)
class SharpEdges:
    """Convex edges between two faces that turn by more than 30 degrees.

    Attributes:
        ends_mm: (e, 2, 3).
        faces: (e, 2), the triangles beside them.
        normals: (e, 3), unit, between those of the two faces.
        slopes: (e,), tangent by which both faces fall away from the plane across the edge.
    """

    ends_mm: Floats
    faces: np.ndarray
    normals: Floats
    slopes: Floats

    @classmethod
    def of(cls, ground: Ground) -> SharpEdges:
        """The sharp edges of a ground."""
        edges, edge_of = edge_table(ground.triangles)
        order = np.argsort(edge_of.ravel(), kind="stable")
        counts = np.bincount(edge_of.ravel(), minlength=len(edges))
        first = np.cumsum(counts) - counts
        paired = np.flatnonzero(counts == 2)
        faces = np.column_stack([order[first[paired]], order[first[paired] + 1]]) // 3
        one, other = ground.normals[faces[:, 0]], ground.normals[faces[:, 1]]
        between = one + other
        between /= np.maximum(np.linalg.norm(between, axis=1), 1e-30)[:, None]
        cosine = np.einsum("ij,ij->i", one, between)
        toward = np.einsum("ij,ij->i", one, ground.centers[faces[:, 1]] - ground.centers[faces[:, 0]])
        keep = (np.einsum("ij,ij->i", one, other) < _SHARP) & (cosine > _STEEPEST) & (toward < 0)
        slopes = np.sqrt(1 - np.clip(cosine, 0, 1) ** 2) / np.maximum(cosine, 1e-30)
        return cls(ground.vertices_mm[edges[paired[keep]]], faces[keep], between[keep], slopes[keep])

    def by_length(self, allowed: np.ndarray, random: np.random.Generator, tries: int) -> Iterator[Place]:
        """Places on edges beside which a triangle is allowed (m,), each millimetre equally likely."""
        length = np.linalg.norm(self.ends_mm[:, 1] - self.ends_mm[:, 0], axis=1)
        sums = np.cumsum(np.where(allowed[self.faces].any(axis=1), length, 0.0))
        if not len(sums) or sums[-1] <= 0:
            return
        for _ in range(tries):
            pick, share = random.random(2)
            edge = min(int(np.searchsorted(sums, pick * sums[-1], side="right")), len(sums) - 1)
            yield self._place(edge, share)

    def nearest(self, position_mm: Floats) -> Place | None:
        """The place on an edge that is nearest to a position; None where there is no sharp edge."""
        if not len(self.ends_mm):
            return None
        start, side = self.ends_mm[:, 0], self.ends_mm[:, 1] - self.ends_mm[:, 0]
        share = np.einsum("ij,ij->i", position_mm - start, side) / np.maximum((side**2).sum(axis=1), 1e-30)
        share = np.clip(share, 0.0, 1.0)
        edge = int(np.argmin(np.linalg.norm(start + share[:, None] * side - position_mm, axis=1)))
        return self._place(edge, float(share[edge]))

    def _place(self, edge: int, share: float) -> Place:
        first, last = self.ends_mm[edge]
        axis = (last - first) / np.linalg.norm(last - first)
        return Place(first + share * (last - first), self.normals[edge], axis, float(self.slopes[edge]))


@dataclass(frozen=True)
class Place:
    """Where a defect may lie: a point, outward unit normal and unit axis, and at an edge the slope of its faces."""

    center_mm: Floats
    normal: Floats
    axis: Floats
    slope: float = 0.0


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
