"""Which faces of a part a manifest's surfaces lie on."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from ..contract import errors, schema
from .mesh import Mesh


def surface_index(mesh: Mesh, surfaces: tuple[schema.LocalSurface, ...]) -> NDArray[np.int32]:
    """(m,) for each triangle its surface: 0 for the part's own, i + 1 for ``surfaces[i]``, the last that claims it.

    Raises:
        ManifestError: a region selects nothing, or asks what the part's file cannot tell; it names the field.
    """
    index = np.zeros(mesh.face_count, dtype=np.int32)
    for i, local in enumerate(surfaces):
        index[select(mesh, local.where, f"surfaces[{i}].where")] = i + 1
    for i in range(len(surfaces)):
        if not (index == i + 1).any():
            raise errors.ManifestError(
                f"surfaces[{i}].where", "has no faces left: surfaces further down the list claim them all"
            )
    return index


def select(mesh: Mesh, region: schema.Region, path: str) -> NDArray[np.bool_]:
    """(m,) whether each triangle lies in a region of the part.

    Args:
        mesh: the part.
        region: which faces; all that it says must hold.
        path: of the region in the manifest, for messages.

    Raises:
        ManifestError: a condition holds nowhere, or all of them nowhere at once.
    """
    chosen = np.ones(mesh.face_count, dtype=bool)
    if region.cad_faces:
        chosen &= _on_cad_faces(mesh, region.cad_faces, f"{path}.cad_faces")
    if region.objects:
        chosen &= _on_objects(mesh, region.objects, f"{path}.objects")
    if region.materials:
        chosen &= _of_materials(mesh, region.materials, f"{path}.materials")
    if region.normal is not None:
        chosen &= _facing(mesh, region.normal, region.within_deg, f"{path}.normal")
    if not chosen.any():
        raise errors.ManifestError(path, "selects nothing: no face fulfils all of its conditions")
    return chosen


def _on_cad_faces(mesh: Mesh, numbers: tuple[int, ...], path: str) -> NDArray[np.bool_]:
    if mesh.cad_face is None:
        raise errors.ManifestError(path, "selects nothing: the part's file knows no CAD faces, STEP and IGES alone do")
    for i, number in enumerate(numbers):
        if not (mesh.cad_face == number).any():
            raise errors.ManifestError(
                f"{path}[{i}]",
                f"selects nothing: the part has CAD faces {mesh.cad_face.min()} to {mesh.cad_face.max()}",
            )
    return np.isin(mesh.cad_face, numbers)


def _on_objects(mesh: Mesh, patterns: tuple[str, ...], path: str) -> NDArray[np.bool_]:
    return np.asarray(_named(mesh.object_names, patterns, "object", path)[mesh.object_index])


def _of_materials(mesh: Mesh, patterns: tuple[str, ...], path: str) -> NDArray[np.bool_]:
    if mesh.material is None:
        raise errors.ManifestError(
            path, "selects nothing: the part's file names no materials; glTF, OBJ and some STEP files do"
        )
    # The last stands for faces without a material, whose number is -1.
    return np.asarray(np.append(_named(mesh.material_names, patterns, "material", path), False)[mesh.material])


def _named(names: tuple[str, ...], patterns: tuple[str, ...], what: str, path: str) -> NDArray[np.bool_]:
    """(len(names),) which of the names any of the patterns means."""
    chosen = np.zeros(len(names), dtype=bool)
    for i, pattern in enumerate(patterns):
        # The name itself first: one with brackets in it would else be read as a pattern.
        hits = np.array([name == pattern or fnmatchcase(name, _plain(pattern)) for name in names], dtype=bool)
        if not hits.any():
            known = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
            raise errors.ManifestError(
                f"{path}[{i}]", f"selects nothing: no {what} is named '{pattern}'; known are {known}"
            )
        chosen |= hits
    return chosen


def _plain(pattern: str) -> str:
    """A pattern in which brackets are letters."""
    return pattern.replace("[", "[[]")


def _facing(mesh: Mesh, normal: schema.Vector, within_deg: float, path: str) -> NDArray[np.bool_]:
    corners = mesh.vertices_mm[mesh.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    wish = np.array(normal) / np.max(np.abs(normal))
    wish /= np.linalg.norm(wish)
    # Of both angles the arctangent, for near 0 and 180 degrees the cosine tells none apart.
    along, off = normals @ wish, np.linalg.norm(np.cross(normals, wish), axis=1)
    angles = np.degrees(np.arctan2(off, along))
    chosen = (angles <= within_deg + 1e-6) & (np.linalg.norm(normals, axis=1) > 0)
    if not chosen.any():
        raise errors.ManifestError(path, f"selects nothing: no face looks within {within_deg:g} degrees of it")
    return np.asarray(chosen)
