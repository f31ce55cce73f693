"""From CAD file to prepared part: read, repair, decimate, measure, place."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...contract import digests, errors
from ..cad.cad_files import Unit, read_cad, tell_format
from ..mesh import Mesh
from ..nearest import TriangleTree
from .decimate import decimate
from .deviation import Deviation, deviation
from .part_report import ObjectReport, PartReport
from .repair import RepairReport, clean, repair
from .winding import orient

Origin = Literal["center", "base", "file"]
ORIGINS: tuple[Origin, ...] = ("center", "base", "file")

_ORIENT_AFTER_FACES = 4_000_000
"""Above this the winding is put right after decimation: the same result for a hundredth of the work."""


def prepare_part(
    path: str | Path,
    *,
    unit: Unit | Literal["auto"] | None = None,
    face_budget: int | Mapping[str, int] | None = None,
    origin: Origin = "center",
) -> tuple[Mesh, PartReport]:
    """Make a CAD file ready for rendering.

    Args:
        path: STEP, IGES, STL, OBJ, PLY, GLB or glTF.
        unit: what one unit of the file is; None or "auto": the format's own.
        face_budget: see ``decimate``.
        origin: what lies at 0: the centre of the bounding box, the centre of its underside, or the file's own origin.

    Raises:
        PartError: the file or a budget cannot be used.
    """
    path = Path(path)
    if origin not in ORIGINS:
        raise errors.PartError(f"origin '{origin}' is unknown; use one of {', '.join(ORIGINS)}")
    file_format = tell_format(path)
    with ThreadPoolExecutor(max_workers=1) as pool:
        digest = pool.submit(digests.file_sha256, path)
        mesh = read_cad(path, None if unit == "auto" else unit)
    faces_before = mesh.face_count
    late = faces_before > _ORIENT_AFTER_FACES
    mesh, mended = clean(mesh) if late else repair(mesh)
    if not mesh.face_count:
        raise errors.PartError(f"{path.name}: no faces with an area; export it again in finer resolution")
    try:
        smaller = decimate(mesh, face_budget)
    except errors.PartError as problem:
        raise errors.PartError(f"{path.name}: {problem}") from None
    measured = deviation(mesh, smaller)
    objects = _objects(mesh, smaller)
    smaller = _with_faces_of_file(mesh, smaller)
    if late:
        smaller, flipped = orient(smaller)
        mended = replace(mended, flipped=flipped)
    # Of the file's own surface, so that the part lies in the same place whatever the budget.
    low, high = mesh.bounds_mm()
    report = PartReport(
        source=path.name,
        source_sha256=digest.result(),
        format=file_format,
        unit=unit or "auto",
        origin=origin,
        objects=objects,
        faces_before=faces_before,
        faces_after=smaller.face_count,
        deviation_max_mm=measured.max_mm,
        deviation_mean_mm=measured.mean_mm,
        deviation_points=measured.points,
        size_mm=(float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2])),
        repair=mended,
        warnings=tuple(_warnings(mended, objects, face_budget, measured, high - low)),
    )
    return place(smaller, origin, low, high), report


def place(mesh: Mesh, origin: Origin, low: NDArray[np.float64], high: NDArray[np.float64]) -> Mesh:
    """Shift a mesh so that ``origin`` of the bounding box from ``low`` to ``high``, (3,) each, lies at 0."""
    if origin == "file":
        return mesh
    zero = 0.5 * (low + high)
    if origin == "base":
        zero[2] = low[2]
    return replace(mesh, vertices_mm=mesh.vertices_mm - zero)


def _objects(before: Mesh, after: Mesh) -> tuple[ObjectReport, ...]:
    counts = after.faces_by_object()
    return tuple(ObjectReport(name, faces, counts[name]) for name, faces in before.faces_by_object().items())


def _with_faces_of_file(before: Mesh, after: Mesh) -> Mesh:
    """The decimated mesh with the CAD face and the material nearest to each triangle's centre."""
    if (before.cad_face is None and before.material is None) or after is before:
        return after
    _, nearest = TriangleTree(before.vertices_mm, before.triangles).nearest(
        after.vertices_mm[after.triangles].mean(axis=1)
    )
    return replace(
        after,
        cad_face=None if before.cad_face is None else before.cad_face[nearest],
        material_names=before.material_names,
        material=None if before.material is None else before.material[nearest],
    )


def _warnings(
    mended: RepairReport,
    objects: tuple[ObjectReport, ...],
    face_budget: int | Mapping[str, int] | None,
    measured: Deviation,
    size_mm: NDArray[np.float64],
) -> list[str]:
    found = mended.warnings()
    if isinstance(face_budget, Mapping):
        over = [o for o in objects if o.faces_after > face_budget.get(o.name, o.faces_after)]
        found += [
            f"'{o.name}' keeps {o.faces_after:,} faces, over its budget: slivers or loose triangles stop decimation."
            for o in over
        ]
    elif face_budget is not None and sum(o.faces_after for o in objects) > face_budget:
        kept = sum(o.faces_after for o in objects)
        found.append(
            f"The part keeps {kept:,} faces, over its budget of {face_budget:,}: slivers or loose triangles stop it."
        )
    empty = [o.name for o in objects if not o.faces_after]
    found += [f"'{name}' has no faces with an area." for name in empty]
    longest = float(size_mm.max())
    if measured.max_mm > 0.01 * longest:
        found.append(
            f"Decimation moved it by up to {measured.max_mm:.3g} mm, over 1 % of its size: raise the face budget."
        )
    if longest < 1.0 or longest > 10_000.0:
        found.append(f"The part is {longest:.4g} mm long: check the unit of the file.")
    return found
