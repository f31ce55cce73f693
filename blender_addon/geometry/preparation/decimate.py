"""Brings a part down to a budget of faces, object by object, by quadric edge collapse (fast-simplification)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..mesh import Mesh
from .pieces import simplify_in_pieces
from .simplify import simplify

SMALLEST_SHARE = 64
"""Faces that each object keeps before the rest of a budget is shared by face count."""
_WHOLE_FACES = 4_000_000
"""Objects above this go through in pieces: memory grows with the piece then, and all cores work."""


def decimate(mesh: Mesh, face_budget: int | Mapping[str, int] | None) -> Mesh:
    """Reduce the number of triangles; objects stay apart and keep their names.

    Args:
        mesh: repaired: what is not joined cannot be simplified across.
        face_budget: most triangles for the whole part, shared among the objects by their face counts; or most triangles
            of single objects by name, the others staying as they are; or None: nothing happens.

    Returns:
        The smaller mesh, or ``mesh`` itself when it keeps to the budget already. An object whose surface does not allow
        it (loose triangles, slivers) stays above its budget. ``cad_face`` is dropped where triangles were changed.

    Raises:
        PartError: a budget below four faces an object, or for an object that is not there.
    """
    faces = mesh.faces_by_object()
    budgets = _budgets(faces, face_budget)
    if all(faces[name] <= budgets[name] for name in faces):
        return mesh
    vertices_mm: list[NDArray[np.float64]] = []
    triangles: list[NDArray[np.int32]] = []
    owner: list[NDArray[np.int32]] = []
    offset = 0
    for number, name in enumerate(mesh.object_names):
        points, corners = _of_object(mesh, number)
        if len(corners) > budgets[name]:
            points, corners = _simplify_object(points, corners, budgets[name])
        vertices_mm.append(points)
        triangles.append(corners + np.int32(offset))
        owner.append(np.full(len(corners), number, dtype=np.int32))
        offset += len(points)
    return Mesh(np.concatenate(vertices_mm), np.concatenate(triangles), mesh.object_names, np.concatenate(owner))


def share_budget(faces: Mapping[str, int], budget: int) -> dict[str, int]:
    """Split a budget among objects in proportion to their faces, none below a floor nor above what it has.

    Raises:
        PartError: less than four faces an object.
    """
    if budget < 4 * len(faces):
        raise errors.PartError(
            f"a budget of {budget} faces is too small for {len(faces)} objects (four each at least); raise it"
        )
    floor = {name: min(count, SMALLEST_SHARE, budget // len(faces)) for name, count in faces.items()}
    left = budget - sum(floor.values())
    wanted = {name: count - floor[name] for name, count in faces.items()}
    total = sum(wanted.values())
    if total <= left:
        return dict(faces)
    return {name: floor[name] + left * wanted[name] // total for name in faces}


def _budgets(faces: Mapping[str, int], face_budget: int | Mapping[str, int] | None) -> dict[str, int]:
    if face_budget is None:
        return dict(faces)
    if isinstance(face_budget, Mapping):
        for name, budget in face_budget.items():
            if name not in faces:
                known = ", ".join(f"'{n}'" for n in list(faces)[:8])
                raise errors.PartError(f"no object '{name}' to give a face budget; the part has {known}")
            if budget < 4:
                raise errors.PartError(f"a budget of {budget} faces for '{name}' is too small; give at least 4")
        return {name: min(count, int(face_budget.get(name, count))) for name, count in faces.items()}
    if sum(faces.values()) <= face_budget:
        return dict(faces)
    return share_budget(faces, int(face_budget))


def _of_object(mesh: Mesh, number: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    if len(mesh.object_names) == 1:
        return mesh.vertices_mm, mesh.triangles
    part = mesh.with_triangles(mesh.object_index == number).without_unused_vertices()
    return part.vertices_mm, part.triangles


def _simplify_object(
    points: NDArray[np.float64], corners: NDArray[np.int32], budget: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    if len(corners) > _WHOLE_FACES:
        smaller = simplify_in_pieces(points, corners, budget)
    else:
        smaller = simplify(points, corners, budget)
    # A collapse to nothing would silently take an object out of the part.
    return smaller if len(smaller[1]) else (points, corners)
