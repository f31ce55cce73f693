"""Mends what CAD exports break: split vertices, degenerate and duplicate triangles, mixed winding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..edges import EdgeCounts, count_edges
from ..mesh import Mesh
from ..welding import equal_rows, may_hold_repeats
from .winding import orient

WELD_TOLERANCE = 1e-7
"""Distance below which two vertices on open edges are one, as a share of the bounding box's diagonal."""
_CHUNK_FACES = 1 << 18


@dataclass(frozen=True)
class RepairReport:
    """What was mended and what is left.

    Attributes:
        degenerate: triangles without area, dropped.
        duplicate: triangles with the same three corners as another one, dropped.
        flipped: triangles turned round.
        welded: vertices joined to another one.
        boundary_edges: edges left with one triangle only: the surface is open there.
        non_manifold_edges: edges left with three triangles or more.
    """

    degenerate: int = 0
    duplicate: int = 0
    flipped: int = 0
    welded: int = 0
    boundary_edges: int = 0
    non_manifold_edges: int = 0

    def warnings(self) -> list[str]:
        """One sentence for each kind of damage; empty for a sound mesh.

        Welding is usual and no damage; nor are triangles without area while the surface is closed without them, as at
        the poles of every tessellated sphere.
        """
        found = []
        if self.degenerate and (self.boundary_edges or self.non_manifold_edges):
            found.append(f"{_count(self.degenerate, 'triangle')} without area dropped.")
        if self.duplicate:
            found.append(f"{_count(self.duplicate, 'duplicate triangle')} dropped.")
        if self.flipped:
            found.append(f"{_count(self.flipped, 'triangle')} turned round: the winding was mixed or inside out.")
        if self.boundary_edges:
            found.append(
                f"The surface is open at {_count(self.boundary_edges, 'edge')}: holes, or sheets without volume."
            )
        if self.non_manifold_edges:
            found.append(f"{_count(self.non_manifold_edges, 'edge')} shared by more than two triangles.")
        return found


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def repair(mesh: Mesh) -> tuple[Mesh, RepairReport]:
    """Clean a mesh and wind it consistently; see ``clean`` and ``winding.orient``.

    Returns:
        The repaired mesh, of the same objects, and what was done. It may have no triangles left.
    """
    mesh, report = clean(mesh)
    if mesh.face_count:
        mesh, flipped = orient(mesh)
        report = RepairReport(**{**report.__dict__, "flipped": flipped})
    return mesh, report


def clean(mesh: Mesh) -> tuple[Mesh, RepairReport]:
    """Join vertices along open edges, drop triangles without area, duplicates and unused vertices; count the edges.

    Only vertices at open edges are joined, and only within an object: where a surface is closed, vertices in one place
    are bodies that touch, and joining those would make edges of four triangles.
    """
    mesh = _split_between_objects(mesh)
    mesh, degenerate = _without_degenerate(mesh)
    edges = count_edges(mesh.triangles, len(mesh.vertices_mm))
    welded = 0
    if edges.boundary:
        mesh, welded = _weld(mesh, edges.boundary_vertices)
        mesh, more = _without_degenerate(mesh)
        degenerate += more
    mesh, duplicate = _without_duplicates(mesh)
    if welded or duplicate:
        edges = count_edges(mesh.triangles, len(mesh.vertices_mm))
    return mesh.without_unused_vertices(), _report(degenerate, duplicate, welded, edges)


def _report(degenerate: int, duplicate: int, welded: int, edges: EdgeCounts) -> RepairReport:
    return RepairReport(degenerate, duplicate, 0, welded, edges.boundary, edges.non_manifold)


def _split_between_objects(mesh: Mesh) -> Mesh:
    """Give each object vertices of its own, as OBJ and ascii STL let objects share them."""
    if len(mesh.object_names) == 1:
        return mesh
    owner = np.full(len(mesh.vertices_mm), -1, dtype=np.int32)
    owner[mesh.triangles.reshape(-1)] = np.repeat(mesh.object_index, 3)
    shared = owner[mesh.triangles] != mesh.object_index[:, None]
    if not shared.any():
        return mesh
    pairs = np.stack(
        [mesh.triangles[shared], np.broadcast_to(mesh.object_index[:, None], shared.shape)[shared]], axis=1
    )
    first, group = equal_rows(pairs.astype(np.int64))
    triangles = mesh.triangles.copy()
    triangles[shared] = (len(mesh.vertices_mm) + group).astype(np.int32)
    vertices_mm = np.concatenate([mesh.vertices_mm, mesh.vertices_mm[pairs[first, 0]]])
    return replace(mesh, vertices_mm=vertices_mm, triangles=triangles)


def _without_degenerate(mesh: Mesh) -> tuple[Mesh, int]:
    keep = np.empty(mesh.face_count, dtype=bool)
    for start in range(0, mesh.face_count, _CHUNK_FACES):
        corners = mesh.triangles[start : start + _CHUNK_FACES]
        a, b, c = (mesh.vertices_mm[corners[:, i]] for i in range(3))
        ab, ac = b - a, c - a
        squared = np.maximum(np.einsum("ij,ij->i", ab, ab), np.einsum("ij,ij->i", ac, ac))
        normal = np.cross(ab, ac)
        # Twice the area against the longest edge squared: below this the direction of the normal is rounding.
        keep[start : start + len(corners)] = np.einsum("ij,ij->i", normal, normal) > (1e-12 * squared) ** 2
    dropped = int(np.count_nonzero(~keep))
    return (mesh.with_triangles(keep), dropped) if dropped else (mesh, 0)


def _without_duplicates(mesh: Mesh) -> tuple[Mesh, int]:
    if not may_hold_repeats(mesh.triangles):
        return mesh, 0
    first, _ = equal_rows(np.sort(mesh.triangles, axis=1))
    dropped = mesh.face_count - len(first)
    if not dropped:
        return mesh, 0
    keep = np.zeros(mesh.face_count, dtype=bool)
    keep[first] = True
    return mesh.with_triangles(keep), dropped


def _weld(mesh: Mesh, candidates: NDArray[np.int64]) -> tuple[Mesh, int]:
    """Join those of the candidate vertices that lie within the tolerance of each other."""
    tolerance_mm = WELD_TOLERANCE * mesh.diagonal_mm()
    owner = np.zeros(len(mesh.vertices_mm), dtype=np.int32)
    owner[mesh.triangles.reshape(-1)] = np.repeat(mesh.object_index, 3)
    target = np.arange(len(mesh.vertices_mm), dtype=np.int32)
    left = candidates
    for shift in range(9):
        points = mesh.vertices_mm[left]
        if shift and tolerance_mm > 0.0:
            # Cells of twice the tolerance, moved by half a cell along each choice of axes: two vertices closer than
            # the tolerance share a cell in at least one of the eight grids.
            offset = np.array([(shift - 1) >> axis & 1 for axis in range(3)])
            cells = np.floor(points / (2.0 * tolerance_mm) + 0.5 * offset)
        else:
            cells = points  # equal ones first: most are
        first, group = equal_rows(np.column_stack([cells, owner[left].astype(np.float64)]))
        target[left] = left[first[group]]
        left = left[first]
    # Later rounds moved what earlier ones had joined to.
    while not np.array_equal(target[target], target):
        target = target[target]
    welded = len(candidates) - len(left)
    if not welded:
        return mesh, 0
    return replace(mesh, triangles=target[mesh.triangles]), welded
