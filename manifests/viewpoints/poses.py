"""Camera poses and the sphere around a part, pure numpy.

A pose is a point and the camera's axes: right, up and back (it looks along -back), as columns of a rotation matrix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..distributions import Floats
from ..errors import ManifestError
from ..schema import Camera, Pose, Vector

FILL = 0.95  # share of the image that a fitted bounding sphere takes


@dataclass(frozen=True)
class Bounds:
    """The sphere around a part: centre (mm) and radius (mm)."""

    center_mm: Vector
    radius_mm: float

    @classmethod
    def of(cls, vertices_mm: Floats) -> Bounds:
        """Sphere around the centre of the bounding box of (n, 3) points; within 1.8 times the smallest sphere."""
        center = (vertices_mm.min(axis=0) + vertices_mm.max(axis=0)) / 2
        radius = float(np.sqrt(((vertices_mm - center) ** 2).sum(axis=1).max()))
        return cls((float(center[0]), float(center[1]), float(center[2])), radius)


@dataclass(frozen=True)
class Viewpoints:
    """Poses of all views.

    Attributes:
        locations_mm: (v, 3).
        rotations: (v, 3, 3), columns right, up, back.
        targets_mm: (v, 3), what each view looks at.
    """

    locations_mm: Floats
    rotations: Floats
    targets_mm: Floats

    @classmethod
    def of(cls, poses: Sequence[Pose]) -> Viewpoints:
        """The views that stand where the poses say."""
        locations = np.array([p.location_mm for p in poses])
        targets = np.array([p.target_mm for p in poses])
        rotations = np.array([look_at(np.subtract(p.location_mm, p.target_mm), p.roll_deg) for p in poses])
        return cls(locations, rotations, targets)

    def columns(self) -> Floats:
        """(v, 8): x, y, z in mm, quaternion w, x, y, z, and the distance to the target in mm."""
        quaternions = np.array([quaternion(r) for r in self.rotations])
        distances = np.linalg.norm(self.locations_mm - self.targets_mm, axis=1)
        return np.column_stack([self.locations_mm, quaternions, distances])


def fitted_distance_mm(camera: Camera, radius_mm: float) -> float:
    """Distance from the centre of a sphere at which it just stays in the image, with a margin of a twentieth.

    Raises:
        ManifestError: the field of view is so narrow that there is no such place.
    """
    sine = math.sin(math.atan(FILL * camera.reach_mm() / camera.focal_length_mm))
    if sine < 1e-6:
        raise ManifestError("views.distance_mm", "must be given: the field of view is too narrow to fit the part in")
    return radius_mm / sine


def look_at(back: Floats, roll_deg: float = 0.0) -> Floats:
    """(3, 3) rotation of a camera whose line of sight is -``back`` and whose up is as near to +z as can be."""
    back = back / np.linalg.norm(back)
    up = np.array([0.0, 0.0, 1.0]) if abs(back[2]) < 0.999999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    roll = math.radians(roll_deg)
    return np.column_stack(
        [math.cos(roll) * right + math.sin(roll) * up, math.cos(roll) * up - math.sin(roll) * right, back]
    )


def quaternion(rotation: Floats) -> NDArray[np.float64]:
    """Unit quaternion (w, x, y, z), w >= 0, of a (3, 3) rotation; from the largest of its four squares, so stable."""
    m = rotation
    squares = np.array([
        1 + m[0, 0] + m[1, 1] + m[2, 2],
        1 + m[0, 0] - m[1, 1] - m[2, 2],
        1 - m[0, 0] + m[1, 1] - m[2, 2],
        1 - m[0, 0] - m[1, 1] + m[2, 2],
    ])  # fmt: skip
    products = np.array([
        [squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
        [m[2, 1] - m[1, 2], squares[1], m[1, 0] + m[0, 1], m[0, 2] + m[2, 0]],
        [m[0, 2] - m[2, 0], m[1, 0] + m[0, 1], squares[2], m[2, 1] + m[1, 2]],
        [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[2, 1] + m[1, 2], squares[3]],
    ])  # fmt: skip
    best = products[int(np.argmax(squares))]
    unit: NDArray[np.float64] = best / np.linalg.norm(best)
    return -unit if unit[0] < 0 else unit
