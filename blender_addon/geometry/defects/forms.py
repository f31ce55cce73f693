"""What every kind of defect is to the mesh: an outline that it is cut along, and a displacement inside it.

A form lies in a plane, the tangent plane of its place: u along its long axis, v across, both in millimetres. All
kinds share refinement, cutting, labelling and the search for places; a kind is a form and no more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..split import Floats

GROWTH = 2.0
"""Longest edge over the distance from where the mesh must be fine."""


class Form(ABC):
    """The shape of one defect.

    Attributes:
        reach_mm: radius about its middle of the circle that holds the outline.
        edge_mm: longest edge that the mesh may have in it; of a line, the measure of how true its cuts must be.
        sag_mm: how far the surface under it may lie off the tangent plane at its middle.
        facing: least cosine between the form's normal and that of a triangle that it changes.
        guard_mm: how far outside the outline other lines are cut; one there keeps the shading of what is smooth
            inside from running out over the triangles around.
        is_line: whether it is so long and thin that others fit beside it within its reach.
    """

    reach_mm: float
    edge_mm: float
    sag_mm: float
    guard_mm: float = 0.0
    facing: ClassVar[float] = 0.5
    is_line: ClassVar[bool] = False

    @abstractmethod
    def levels(self, uv_mm: Floats) -> Floats:
        """(k, n) fields at (n, 2) points, along whose zeros the mesh is cut.

        The first is the signed outline: near its zeros the distance to it in mm, negative inside. The others are
        lines where the surface bends, so that they are sharp on a coarse mesh as well.
        """

    @abstractmethod
    def rise_mm(self, uv_mm: Floats) -> Floats:
        """(n,) displacement along the normal at (n, 2) points inside or on the outline, where it is 0."""

    @abstractmethod
    def probes_mm(self) -> Floats:
        """(p, 2) points in and a little around the form that must lie on the surface."""

    def folds_mm(self) -> tuple[Floats, Floats]:
        """Starts and ends (s, 2) of segments that the mesh has as edges before it is cut.

        Those along the middle of a narrow form let no edge pass from rim to rim, however coarse the mesh is.
        """
        return np.empty((0, 2)), np.empty((0, 2))

    def outline_mm(self, uv_mm: Floats) -> Floats:
        """(n,) signed outline at (n, 2) points."""
        field: Floats = self.levels(uv_mm)[0]
        return field

    def gap_mm(self, uv_mm: Floats) -> Floats:
        """(n,) distance at (n, 2) points to where the mesh must be fine: inside the outline, unless a form says."""
        return np.maximum(self.outline_mm(uv_mm), 0.0)

    def wanted_edge_mm(self, uv_mm: Floats, radii_mm: Floats) -> Floats:
        """(n,) longest edge that the mesh may have within a radius (n,) of (n, 2) points, before it is cut."""
        return np.maximum(self.edge_mm, GROWTH * (self.gap_mm(uv_mm) - radii_mm))


@dataclass(frozen=True)
class Defect:
    """A form at its place.

    Attributes:
        id: number in the record and, unless it is insignificant, in the instance mask; 1 and up.
        form: its shape.
        center_mm, normal: where it lies and the surface's outward unit normal there (at an edge, between its faces).
        axis: unit vector in the surface along u.
        insignificant: the mesh shows it, the masks do not.
    """

    id: int
    form: Form
    center_mm: Floats
    normal: Floats
    axis: Floats
    insignificant: bool = False

    def plane_mm(self, points_mm: Floats) -> Floats:
        """(n, 2) u and v of (n, 3) points."""
        plane: Floats = (points_mm - self.center_mm) @ self._axes.T
        return plane

    def points_mm(self, uv_mm: Floats) -> Floats:
        """(n, 3) points of the tangent plane at (n, 2) u and v."""
        points: Floats = self.center_mm + uv_mm @ self._axes
        return points

    @cached_property
    def _axes(self) -> Floats:
        """(2, 3) unit vectors along u and v."""
        return np.stack([self.axis, np.cross(self.normal, self.axis)])


def apart(one: Defect, other: Defect) -> bool:
    """Whether two defects keep clear of one another, by a fifth of their reach where both are round."""
    distance = float(np.linalg.norm(one.center_mm - other.center_mm))
    if distance > 1.2 * (one.form.reach_mm + other.form.reach_mm):
        return True
    if not (one.form.is_line or other.form.is_line):
        return False
    # Long and thin ones may lie side by side: what counts there is whether their outlines come near each other.
    for a, b in ((one, other), (other, one)):
        points = a.points_mm(a.form.probes_mm())
        margin = 2.0 * max(a.form.edge_mm, b.form.edge_mm)
        near = np.abs((points - b.center_mm) @ b.normal) < b.form.reach_mm
        if near.any() and (b.form.outline_mm(b.plane_mm(points[near])) < margin).any():
            return False
    return True
