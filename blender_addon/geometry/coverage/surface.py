"""A part's surface as points that stand for equal areas, posed as the manifest poses the part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...contract import errors, schema
from ..mesh import Mesh
from ..nearest import Floats, TriangleTree
from ..split import Ints

_GAP = 1e-5  # of the diagonal: how near to a point its own surface does not hide it


@dataclass(frozen=True)
class Points:
    """Points of a surface.

    Attributes:
        places_mm: (n, 3).
        normals: (n, 3), unit.
    """

    places_mm: Floats
    normals: Floats


class Surface:
    """The triangles of a part where it stands.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3).

    Raises:
        ManifestError: it has no area.
    """

    def __init__(self, vertices_mm: Floats, triangles: Ints) -> None:
        corners = vertices_mm[triangles]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        doubled = np.linalg.norm(cross, axis=1)
        self.corners = corners
        self.areas_mm2 = doubled / 2
        self.area_mm2 = float(self.areas_mm2.sum())
        if not self.area_mm2 > 0:
            raise errors.ManifestError("part.file", "has no surface that a camera could see")
        self.normals = cross / np.maximum(doubled, 1e-30)[:, None]
        self.tree = TriangleTree(vertices_mm, triangles)
        self.low_mm, self.high_mm = vertices_mm.min(axis=0), vertices_mm.max(axis=0)
        self.gap_mm = _GAP * float(np.linalg.norm(self.high_mm - self.low_mm))

    @classmethod
    def of(cls, mesh: Mesh, part: schema.Part) -> Surface:
        """The surface of a prepared part at its pose; what a parameter draws is taken as the manifest states it."""
        return cls(mesh.vertices_mm @ turn(part.rotation_deg).T + np.array(part.location_mm), mesh.triangles)

    def points(self, count: int, seed: int = 0) -> Points:
        """Points of which each stands for the same area, in the order of the triangles."""
        random = np.random.default_rng(seed)
        # One in each of `count` equal slices of the area: far less noise than points on their own.
        at = (np.arange(count) + random.random(count)) / count * self.area_mm2
        face = np.minimum(np.searchsorted(np.cumsum(self.areas_mm2), at, side="right"), len(self.areas_mm2) - 1)
        root, b = np.sqrt(random.random(count)), random.random(count)
        weights = np.column_stack([1 - root, root * (1 - b), root * b])
        return Points(np.einsum("nk,nkd->nd", weights, self.corners[face]), self.normals[face])


def turn(rotation_deg: schema.Vector) -> Floats:
    """(3, 3) rotation about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(rotation_deg)), np.sin(np.radians(rotation_deg))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)
