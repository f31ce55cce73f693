"""From a manifest's placement to places on the part, in the order in which they are tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from ...contract import errors, schema
from ..mesh import Mesh
from ..split import Floats
from .placement import Ground, Place

_FLAT = math.cos(math.radians(5))
_EDGE = math.cos(math.radians(30))


class Places:
    """Where the defects of one entry of a manifest may lie.

    Args:
        entry: the entry.
        path: where it stands in the manifest, for messages.
        ground: the prepared part.
        mesh: the same with its objects' names; its vertices begin with the ground's.
        eyes_mm: (v, 3), where the cameras stand, in the part's axes.

    Raises:
        ManifestError: the region selects no face, or there is no edge that could chip.
    """

    def __init__(self, entry: schema.Defect, path: str, ground: Ground, mesh: Mesh, eyes_mm: Floats) -> None:
        self.ground, self.on_edges = ground, isinstance(entry, schema.Chip)
        self.placement = placement = entry.placement
        self.allowed = np.ones(len(ground.centers), dtype=bool)
        where = f"{path}.placement"
        if isinstance(placement, schema.InRegion):
            self.allowed = _region(placement, ground, mesh, where)
        if not isinstance(placement, schema.AtPosition) and placement.facing_deg < 180:
            self.allowed = self.allowed & ground.seen_from(eyes_mm, placement.facing_deg)
            if not self.allowed.any():
                what = "region" if isinstance(placement, schema.InRegion) else "part"
                raise errors.ManifestError(
                    f"{where}.facing_deg", f"no view sees the {what} at less than this angle; allow a larger one"
                )
        if self.on_edges and not len(ground.edges.faces):
            raise errors.ManifestError(f"{path}.kind", "the part has no sharp convex edge that could chip")
        if self.on_edges and isinstance(placement, schema.ByCurvature) and placement.where == "flat":
            raise errors.ManifestError(f"{where}.where", "must be edges: a chip lies on an edge")
        beside_edge = self.allowed[ground.edges.faces].any() if self.on_edges else True
        if isinstance(placement, schema.InRegion) and not beside_edge:
            raise errors.ManifestError(where, "no sharp edge of the part bounds the region; a chip needs one")

    def tried(self, angle_deg: float, random: Callable[[], np.random.Generator], tries: int) -> Iterator[Place]:
        """Places in the order in which they are tried, with the axis at an angle in the surface."""
        if isinstance(self.placement, schema.AtPosition):
            position = np.array(self.placement.position_mm)
            if self.on_edges:
                place = self.ground.edges.nearest(position)
                if place is not None:
                    yield place
                return
            center, normal = self.ground.nearest(position)
            yield Place(center, normal, axis_at(normal, angle_deg))
            return
        if self.on_edges:
            yield from self.ground.edges.by_length(self.allowed, random(), tries)
            return
        for center, normal in self.ground.by_area(self.allowed, random(), tries):
            if self._suits(center, normal):
                yield Place(center, normal, axis_at(normal, angle_deg))

    def _suits(self, center: Floats, normal: Floats) -> bool:
        placement = self.placement
        if isinstance(placement, schema.InRegion):
            # The box holds the centres themselves, not only those of the triangles.
            return bool((center >= placement.low_mm).all() and (center <= placement.high_mm).all())
        if isinstance(placement, schema.ByCurvature):
            turn = self.ground.turn_near(center, normal, placement.near_mm)
            return turn > _FLAT if placement.where == "flat" else turn < _EDGE
        return True


def _region(region: schema.InRegion, ground: Ground, mesh: Mesh, where: str) -> np.ndarray:
    """(m,) the ground's triangles that a region selects; of the box only that it touches their own."""
    selected = np.ones(len(ground.centers), dtype=bool)
    if region.object is not None:
        if region.object not in mesh.object_names:
            known = ", ".join(mesh.object_names[:10])
            raise errors.ManifestError(f"{where}.object", f"the part has no object '{region.object}'; it has {known}")
        of_vertex = np.zeros(len(mesh.vertices_mm), dtype=np.int64)
        of_vertex[mesh.triangles] = mesh.object_index[:, None]
        selected &= of_vertex[ground.triangles[:, 0]] == mesh.object_names.index(region.object)
    if region.normal is not None:
        normal = np.array(region.normal)
        length = float(np.linalg.norm(normal))
        if length == 0 or not math.isfinite(length):
            raise errors.ManifestError(f"{where}.normal", "must be a direction, not (0, 0, 0)")
        cosine = np.clip(ground.normals @ (normal / length), -1.0, 1.0)
        selected &= np.degrees(np.arccos(cosine)) <= region.within_deg
    touched = (ground.corners.max(axis=1) >= region.low_mm) & (ground.corners.min(axis=1) <= region.high_mm)
    selected &= touched.all(axis=1)
    if not selected.any():
        raise errors.ManifestError(where, "the region selects no face of the part")
    return selected


def axis_at(normal: Floats, angle_deg: float) -> Floats:
    """Unit vector in the surface: at 0 degrees as level as can be, from there counter-clockwise seen from outside."""
    up = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, normal)
    right /= np.linalg.norm(right)
    angle = math.radians(angle_deg)
    axis: Floats = math.cos(angle) * right + math.sin(angle) * np.cross(normal, right)
    return axis
