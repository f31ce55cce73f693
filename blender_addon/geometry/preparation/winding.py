"""Makes all triangles of a surface run the same way round, and outward where there is an outside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..edges import FacePairs, face_pairs
from ..mesh import Mesh


def orient(mesh: Mesh) -> tuple[Mesh, int]:
    """Wind each connected surface consistently: a closed one outward, an open one as most of its triangles were.

    A closed surface that was consistently wound inward and lies within another one of the same object is a cavity and
    stays. Surfaces meet at edges of exactly two triangles; a one-sided surface (a Moebius strip) keeps its one seam.

    Returns:
        The mesh and the number of triangles turned round.
    """
    pairs = face_pairs(mesh.triangles, len(mesh.vertices_mm))
    flip, surface = _consistent(pairs, mesh.face_count)
    repaired = np.zeros(surface.max() + 1, dtype=bool)
    repaired[surface[flip]] = True
    _keep_majority(flip, surface)
    triangles = np.where(flip[:, None], mesh.triangles[:, ::-1], mesh.triangles)
    inward = _inward_surfaces(mesh, triangles, surface, pairs, repaired)
    flip ^= inward[surface]
    if not flip.any():
        return mesh, 0
    triangles = np.where(flip[:, None], mesh.triangles[:, ::-1], mesh.triangles)
    turned = replace(mesh, triangles=triangles)
    return turned, int(np.count_nonzero(flip))


def label_components(first: NDArray[np.int64], second: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(count,) number of the connected component of each node of a graph with edges (first, second)."""
    label = np.arange(count)
    while len(first):
        low, high = np.minimum(label[first], label[second]), np.maximum(label[first], label[second])
        open_ = low != high
        first, second, low, high = first[open_], second[open_], low[open_], high[open_]
        np.minimum.at(label, high, low)
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
    return np.asarray(np.unique(label, return_inverse=True)[1].reshape(-1))


def _consistent(pairs: FacePairs, face_count: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """For each triangle, whether to turn it so that its surface is consistent, and the number of its surface."""
    agree = ~pairs.same_direction
    patch = label_components(pairs.first[agree], pairs.second[agree], face_count)
    turn_patch = np.zeros(patch.max() + 1, dtype=bool)
    a, b = patch[pairs.first[~agree]], patch[pairs.second[~agree]]
    surface_of_patch = label_components(a, b, len(turn_patch))
    neighbours: dict[int, list[int]] = defaultdict(list)
    for i, j in np.unique(np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1), axis=0).tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    # Only patches that meet wrongly are walked one by one; within a patch the arrays have settled everything.
    seen: set[int] = set()
    for start in sorted(neighbours):
        waiting = [] if start in seen else [start]
        seen.add(start)
        while waiting:
            i = waiting.pop()
            for j in neighbours[i]:
                if j not in seen:
                    seen.add(j)
                    turn_patch[j] = not turn_patch[i]
                    waiting.append(j)
    return turn_patch[patch], surface_of_patch[patch]


def _keep_majority(flip: NDArray[np.bool_], surface: NDArray[np.int64]) -> None:
    total = np.bincount(surface)
    turned = np.bincount(surface, weights=flip)
    flip ^= (2 * turned > total)[surface]


def _inward_surfaces(
    mesh: Mesh, triangles: NDArray[np.int32], surface: NDArray[np.int64], pairs: FacePairs, repaired: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    count = int(surface.max()) + 1
    faces = np.bincount(surface, minlength=count)
    closed = 2 * np.bincount(surface[pairs.first], minlength=count) == 3 * faces
    centre = mesh.vertices_mm.mean(axis=0)
    a, b, c = (mesh.vertices_mm[triangles[:, i]] - centre for i in range(3))
    volume = np.bincount(surface, weights=np.einsum("ij,ij->i", a, np.cross(b, c)), minlength=count)
    inward = closed & (volume < 0)
    for i in np.flatnonzero(inward & ~repaired):
        if _lies_within_another(mesh, triangles, surface, int(i), closed & (volume > 0)):
            inward[i] = False
    return np.asarray(inward)


def _lies_within_another(
    mesh: Mesh, triangles: NDArray[np.int32], surface: NDArray[np.int64], inner: int, outer: NDArray[np.bool_]
) -> bool:
    """Whether the inner surface's bounding box lies strictly within that of an outer surface of the same object."""
    of_inner = surface == inner
    corners = mesh.vertices_mm[triangles[of_inner]].reshape(-1, 3)
    low, high = corners.min(axis=0), corners.max(axis=0)
    same_object = mesh.object_index == mesh.object_index[of_inner][0]
    for candidate in np.unique(surface[same_object & outer[surface]]):
        around = mesh.vertices_mm[triangles[surface == candidate]].reshape(-1, 3)
        if (around.min(axis=0) < low).all() and (around.max(axis=0) > high).all():
            return True
    return False
