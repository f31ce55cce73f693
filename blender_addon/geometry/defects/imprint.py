"""Defects into a mesh: refined, cut and moved near each of them, untouched everywhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..refine import refine
from ..split import BorderReached, Floats, Ints, edge_table, split_edges
from .forms import Defect

_GROWTH = 1.5  # longest edge over distance from where the mesh must be fine
_ON_LINE = 0.02  # distance, in edges of the form, under which a vertex counts as lying on a line that is cut
_ROOT_STEPS = 14


@dataclass(frozen=True)
class Imprinted:
    """A mesh with defects.

    Attributes:
        vertices_mm: (n, 3), those of the given mesh first.
        triangles: (m, 3).
        ids: (m,) int32, for each triangle the id of its defect, 0 outside and on insignificant ones.
        parents: (m,), for each triangle the given one that it came from.
    """

    vertices_mm: Floats
    triangles: Ints
    ids: Ints
    parents: NDArray[np.int64]


def imprint(vertices_mm: Floats, triangles: Ints, defects: list[Defect]) -> Imprinted:
    """Press or raise defects, one after the other, each along its own normal.

    Args:
        vertices_mm: (n, 3).
        triangles: (m, 3), welded: what neighbours share, they share by index.
        defects: in the order in which they are made.
    """
    done = Imprinted(vertices_mm, triangles, np.zeros(len(triangles), dtype=np.int32), np.arange(len(triangles)))
    for defect in defects:
        done = _add(done, defect)
    return done


def _add(mesh: Imprinted, defect: Defect) -> Imprinted:
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
            return _add_in(mesh, defect, patch, region)
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


def _add_in(mesh: Imprinted, defect: Defect, patch: NDArray[np.int64], region: NDArray[np.bool_]) -> Imprinted:
    """Make a defect within a region that holds its patch; raises BorderReached where that is too small."""
    inner, outer = np.flatnonzero(region), np.flatnonzero(~region)
    old = np.unique(mesh.triangles[inner])
    outside = np.zeros(len(mesh.vertices_mm), dtype=bool)
    outside[mesh.triangles[outer]] = True
    vertices, triangles = mesh.vertices_mm[old], np.searchsorted(old, mesh.triangles[inner]).astype(np.int32)
    border, where = outside[old], np.isin(inner, patch)
    form = defect.form

    def wanted_edge_mm(centers: Floats, radii: Floats) -> Floats:
        plane = defect.plane_mm(centers)
        return np.maximum(form.edge_at_mm(plane), _GROWTH * (form.gap_mm(plane) - radii))

    vertices, triangles, parents = refine(vertices, triangles, wanted_edge_mm, where, border)
    for line in sorted(range(len(form.levels(np.zeros((1, 2))))), key=lambda k: k != form.first_cut):
        vertices, triangles, origin = _cut(vertices, triangles, where[parents], defect, line, border)
        parents = parents[origin]
    owners = inner[parents]
    ids = mesh.ids[owners]
    mine = np.flatnonzero(where[parents])
    mine = mine[form.outline_mm(defect.plane_mm(vertices[triangles[mine]].mean(axis=1))) < 0.0]
    if not defect.insignificant:
        ids[mine] = defect.id
    moved = np.unique(triangles[mine])
    plane = defect.plane_mm(vertices[moved])
    # The cut's last rounding must not leave a step on the outline.
    rise = np.where(form.outline_mm(plane) < -_ON_LINE * form.edge_mm, form.rise_mm(plane), 0.0)
    vertices[moved] += rise[:, None] * defect.normal
    number = np.concatenate([old, len(mesh.vertices_mm) + np.arange(len(vertices) - len(old))]).astype(np.int32)
    everything = np.concatenate([mesh.vertices_mm, vertices[len(old) :]])
    everything[old] = vertices[: len(old)]
    return Imprinted(
        everything,
        np.concatenate([mesh.triangles[outer], number[triangles]]),
        np.concatenate([mesh.ids[outer], ids]),
        np.concatenate([mesh.parents[outer], mesh.parents[owners]]),
    )


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


def _cut(
    vertices_mm: Floats,
    triangles: Ints,
    where: NDArray[np.bool_],
    defect: Defect,
    line: int,
    border: NDArray[np.bool_],
) -> tuple[Floats, Ints, NDArray[np.int64]]:
    """Split the edges that cross a line of a form, exactly on it; the outline is the line 0, the others lie within."""
    form = defect.form
    slack = _ON_LINE * form.edge_mm
    used = np.unique(triangles[where])
    levels = np.full((2, len(vertices_mm)), np.inf)
    levels[:, used] = form.levels(defect.plane_mm(vertices_mm[used]))[[0, line]]
    side = np.where(np.abs(levels[1]) < slack, 0.0, levels[1])
    edges, edge_of = edge_table(triangles)
    mine = np.zeros(len(edges), dtype=bool)
    mine[edge_of[where]] = True
    crossing = np.flatnonzero(mine & (side[edges[:, 0]] * side[edges[:, 1]] < 0))
    if line:
        lengths = np.linalg.norm(vertices_mm[edges[crossing, 0]] - vertices_mm[edges[crossing, 1]], axis=1)
        crossing = crossing[levels[0, edges[crossing]].min(axis=1) < lengths]
    first, last = vertices_mm[edges[crossing, 0]], vertices_mm[edges[crossing, 1]]
    start, end = side[edges[crossing, 0]], side[edges[crossing, 1]]
    points = _roots(defect, line, first, last, start, end)
    if line and len(points):
        # Lines other than the outline end where the form does.
        within = form.outline_mm(defect.plane_mm(points)) < slack
        crossing, points = crossing[within], points[within]
    if (border[np.minimum(edges[crossing], len(border) - 1)] & (edges[crossing] < len(border))).all(axis=1).any():
        raise BorderReached
    vertex_on = np.full(len(edges), -1, dtype=np.int64)
    vertex_on[crossing] = len(vertices_mm) + np.arange(len(points))
    lengths = np.linalg.norm(vertices_mm[edges[:, 0]] - vertices_mm[edges[:, 1]], axis=1)
    triangles, origin = split_edges(triangles, edge_of, vertex_on, lengths)
    return np.concatenate([vertices_mm, points]), triangles, origin


def _roots(defect: Defect, line: int, first: Floats, last: Floats, start: Floats, end: Floats) -> Floats:
    """(k, 3) where a line crosses edges, by regula falsi (Illinois), within 1e-6 of an edge for smooth lines."""
    low, high = np.zeros(len(first)), np.ones(len(first))
    share = np.full(len(first), 0.5)
    start, end = start.copy(), end.copy()
    for _ in range(_ROOT_STEPS if len(first) else 0):
        share = np.clip(low + (high - low) * start / (start - end), low, high)
        value = defect.form.levels(defect.plane_mm(first + share[:, None] * (last - first)))[line]
        if np.abs(value).max() < 1e-6 * defect.form.edge_mm:
            break
        same = value * start > 0
        low, high = np.where(same, share, low), np.where(same, high, share)
        start, end = np.where(same, value, 0.5 * start), np.where(same, 0.5 * end, value)
    points: Floats = first + share[:, None] * (last - first)
    return points
