"""Defects into a mesh: refined, cut and moved near each of them, untouched everywhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, unseen
from ..refine import refine
from ..split import BorderReached, Floats, Ints
from .cutting import Workpiece
from .forms import Defect

_NEAR = 2.0  # radii of a triangle from the outline, by its field, within which it may be cut


@dataclass(frozen=True)
class Imprinted:
    """A mesh with defects.

    Attributes:
        vertices_mm: (n, 3), those of the given mesh first.
        triangles: (m, 3).
        ids: (m,) int32, for each triangle the id of its defect, 0 outside and on insignificant ones.
        parents: (m,), for each triangle the given one that it came from.
        twin_mm: (n, 3), where the vertices would be had the absent defects moved none; the same triangles, so that
            light meets the rest of the part in the very same points.
    """

    vertices_mm: Floats
    triangles: Ints
    ids: Ints
    parents: NDArray[np.int64]
    twin_mm: Floats


def imprint(
    vertices_mm: Floats,
    triangles: Ints,
    defects: list[Defect],
    absent: frozenset[int] = frozenset(),
    progress: Progress = unseen,
) -> Imprinted:
    """Press or raise defects, one after the other, each along its own normal.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3), welded: what neighbours share, they share by index.
        defects: in the order in which they are made.
        absent: ids of those that the twin lacks.
        progress: is told how far it is.
    """
    ids, parents = np.zeros(len(triangles), dtype=np.int32), np.arange(len(triangles))
    done = Imprinted(vertices_mm, triangles, ids, parents, vertices_mm)
    for number, defect in enumerate(defects, 1):
        done = _add(done, defect, defect.id in absent)
        progress(number / len(defects))
    return done


def _add(mesh: Imprinted, defect: Defect, absent: bool) -> Imprinted:
    patch = _patch(mesh.vertices_mm, mesh.triangles, defect)
    if not len(patch):
        return mesh
    region = np.zeros(len(mesh.triangles), dtype=bool)
    region[patch] = True
    rings = 1
    while True:
        for _ in range(rings):
            region = _with_neighbours(mesh, region)
        try:
            return _add_in(mesh, defect, patch, region, absent)
        except BorderReached:
            rings *= 2  # a split ran on beyond the region: long triangles pass it on


def _with_neighbours(mesh: Imprinted, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    used = np.zeros(len(mesh.vertices_mm), dtype=bool)
    used[mesh.triangles[region]] = True
    return _any_corner(used, mesh.triangles)


def _any_corner(vertices: NDArray[np.bool_], triangles: Ints) -> NDArray[np.bool_]:
    """(m,) whether some corner of a triangle is marked; by columns, which is many times faster than along rows."""
    marked: NDArray[np.bool_] = vertices[triangles[:, 0]] | vertices[triangles[:, 1]] | vertices[triangles[:, 2]]
    return marked


def _add_in(
    mesh: Imprinted, defect: Defect, patch: NDArray[np.int64], region: NDArray[np.bool_], absent: bool
) -> Imprinted:
    """Make a defect within a region that holds its patch; raises BorderReached where that is too small."""
    form = defect.form
    taken = _Taken.out_of(mesh.triangles, region, len(mesh.vertices_mm))
    vertices, triangles, parents = refine(
        mesh.vertices_mm[taken.vertices],
        taken.triangles,
        lambda c, r: form.wanted_edge_mm(defect.plane_mm(c), r),
        np.isin(taken.inner, patch),
        taken.border,
    )
    where = np.isin(taken.inner, patch)[parents]
    try:
        near, piece = _cut(vertices, triangles, where, taken.border, defect, _NEAR)
    except BorderReached:  # the field misjudged its distance, or the region is too small in earnest
        near, piece = _cut(vertices, triangles, where, taken.border, defect, np.inf)
    mine = piece.inside()
    moved = np.unique(piece.triangles[mine])
    # On the outline itself the last rounding must not leave a step.
    rise = np.where(piece.levels[0][moved] < 0.0, form.rise_mm(defect.plane_mm(piece.vertices_mm[moved])), 0.0)
    shift = np.zeros_like(piece.vertices_mm)
    shift[moved] = rise[:, None] * defect.normal
    shift = near.with_own(np.zeros_like(vertices), shift)

    vertices, triangles = near.put_back(vertices, triangles, piece.vertices_mm, piece.triangles)
    parents = np.concatenate([parents[near.outer], parents[near.inner[piece.parents]]])
    owners = taken.inner[parents]
    ids = mesh.ids[owners]
    if not defect.insignificant:
        ids[len(near.outer) + mine] = defect.id
    vertices, triangles = taken.put_back(mesh.vertices_mm, mesh.triangles, vertices, triangles)
    shift = taken.with_own(np.zeros_like(mesh.vertices_mm), shift)
    twin = _carried_over(mesh, vertices, triangles[len(taken.outer) :], owners)
    return Imprinted(
        vertices + shift,
        triangles,
        np.concatenate([mesh.ids[taken.outer], ids]),
        np.concatenate([mesh.parents[taken.outer], mesh.parents[owners]]),
        twin if absent else twin + shift,
    )


def _carried_over(mesh: Imprinted, vertices: Floats, triangles: Ints, owners: NDArray[np.int64]) -> Floats:
    """(n + new, 3) a twin's vertices after its mesh was split: new ones lie in their triangles as they do here.

    Args:
        mesh: before.
        vertices: (n + new, 3), those of the mesh first.
        triangles: those that were split.
        owners: for each of them the mesh's triangle that it came from.
    """
    new = np.arange(len(mesh.vertices_mm), len(vertices))
    carried: Floats = np.concatenate([mesh.twin_mm, vertices[new]])
    owner = np.zeros(len(vertices), dtype=np.int64)
    owner[triangles] = owners[:, None]
    corners = mesh.triangles[owner[new]]
    # Elsewhere both are the same, and stay so to the last bit.
    differs = (mesh.vertices_mm != mesh.twin_mm).any(axis=1)[corners].any(axis=1)
    corners, new = corners[differs], new[differs]
    a, b, c = (mesh.vertices_mm[corners[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.maximum((normal**2).sum(axis=1), 1e-30)
    point = vertices[new] - a
    of_b = (np.cross(point, c - a) * normal).sum(axis=1) / area
    of_c = (np.cross(b - a, point) * normal).sum(axis=1) / area
    a, b, c = (mesh.twin_mm[corners[:, k]] for k in range(3))
    carried[new] = a + of_b[:, None] * (b - a) + of_c[:, None] * (c - a)
    return carried


def _cut(
    vertices: Floats,
    triangles: Ints,
    where: NDArray[np.bool_],
    border: NDArray[np.bool_],
    defect: Defect,
    near: float,
) -> tuple[_Taken, Workpiece]:
    """Cut what lies on a form or at its outline, with no look at the rest: nearer than so many of its own radii."""
    corners = vertices[triangles]
    centers = corners.mean(axis=1)
    radii = np.linalg.norm(corners - centers[:, None], axis=2).max(axis=1)
    touched = where & (defect.form.outline_mm(defect.plane_mm(centers)) < defect.form.guard_mm + near * radii)
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles[touched]] = True
    taken = _Taken.out_of(triangles, _any_corner(used, triangles), len(vertices), border)
    piece = Workpiece(defect, vertices[taken.vertices], taken.triangles, where[taken.inner], taken.border)
    piece.cut()
    return taken, piece


@dataclass(frozen=True)
class _Taken:
    """Some triangles taken out of a mesh, so that only they are worked on.

    Attributes:
        inner, outer: indices of the triangles that are taken and of the others.
        vertices: indices of those that the taken ones use.
        triangles: the taken ones, as indices into ``vertices``.
        border: of ``vertices`` those that must stay, because others use them too.
    """

    inner: NDArray[np.int64]
    outer: NDArray[np.int64]
    vertices: Ints
    triangles: Ints
    border: NDArray[np.bool_]

    @staticmethod
    def out_of(
        triangles: Ints, region: NDArray[np.bool_], vertex_count: int, border: NDArray[np.bool_] | None = None
    ) -> _Taken:
        inner, outer = np.flatnonzero(region), np.flatnonzero(~region)
        vertices = np.unique(triangles[inner])
        outside = np.zeros(vertex_count, dtype=bool)
        outside[triangles[outer]] = True
        if border is not None:
            outside[: len(border)] |= border
        return _Taken(
            inner, outer, vertices, np.searchsorted(vertices, triangles[inner]).astype(np.int32), outside[vertices]
        )

    def put_back(
        self, vertices_mm: Floats, triangles: Ints, own_mm: Floats, own_triangles: Ints
    ) -> tuple[Floats, Ints]:
        """The whole again, with what became of the taken triangles behind the others and new vertices at the end."""
        count = len(self.vertices)
        number = np.concatenate([self.vertices, len(vertices_mm) + np.arange(len(own_mm) - count)]).astype(np.int32)
        return self.with_own(vertices_mm, own_mm), np.concatenate([triangles[self.outer], number[own_triangles]])

    def with_own(self, values: Floats, own: Floats) -> Floats:
        """Values of all vertices, of the taken ones their own, of the new ones at the end."""
        count = len(self.vertices)
        everything = np.concatenate([values, own[count:]])
        everything[self.vertices] = own[:count]
        return everything


def _patch(vertices_mm: Floats, triangles: Ints, defect: Defect) -> NDArray[np.int64]:
    """The surface around a defect: within its reach, facing its way, and connected to the place where it lies."""
    reach = 1.3 * defect.form.reach_mm
    # First by boxes, axis by axis: most triangles are out after the first.
    near = np.arange(len(triangles))
    for axis in range(3):
        along = vertices_mm[:, axis] - defect.center_mm[axis]
        a, b, c = (along[triangles[near, k]] for k in range(3))
        near = near[(np.minimum(np.minimum(a, b), c) < reach) & (np.maximum(np.maximum(a, b), c) > -reach)]
    corners = vertices_mm[triangles[near]]
    centers = corners.mean(axis=1)
    radii = np.linalg.norm(corners - centers[:, None], axis=2).max(axis=1)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = normals @ defect.normal > defect.form.facing * np.linalg.norm(normals, axis=1)
    fits = facing & (np.linalg.norm(centers - defect.center_mm, axis=1) - radii < reach)
    near, corners = near[fits], corners[fits]
    if not len(near):
        return near
    seed = int(np.argmin(_distance(corners, defect)))
    used = np.zeros(len(vertices_mm), dtype=bool)
    used[triangles[near[seed]]] = True
    inside = np.zeros(len(near), dtype=bool)
    while True:
        grown = _any_corner(used, triangles[near])
        if (grown == inside).all():
            return near[inside]
        inside = grown
        used[triangles[near[inside]]] = True


def _distance(corners: Floats, defect: Defect) -> Floats:
    """(k,) distance of triangles (k, 3, 3) that face a defect's way to its centre: across the plane, then off it."""
    flat = defect.plane_mm(corners.reshape(-1, 3)).reshape(-1, 3, 2)
    height = np.abs((corners - defect.center_mm) @ defect.normal).min(axis=1)
    side = np.roll(flat, -1, axis=1) - flat
    turn = side[..., 1] * flat[..., 0] - side[..., 0] * flat[..., 1]
    inside = (turn >= 0).all(axis=1) | (turn <= 0).all(axis=1)
    share = np.clip(-(flat * side).sum(axis=2) / np.maximum((side**2).sum(axis=2), 1e-30), 0.0, 1.0)
    beside = np.linalg.norm(flat + share[..., None] * side, axis=2).min(axis=1)
    distance: Floats = np.hypot(np.where(inside, 0.0, beside), height)
    return distance
