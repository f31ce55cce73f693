"""Instances: the prepared part with the defects that a manifest draws for one realisation of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...contract import distributions, sampling, schema
from ..mesh import Mesh
from ..split import Floats, Ints
from .dents import DentShape, half_axes_mm, press
from .placement import Ground

_TRIES = 400


@dataclass(frozen=True)
class Instance:
    """Geometry of one realisation.

    Attributes:
        vertices_mm: (n, 3).
        triangles: (m, 3).
        ids: (m,), for each triangle the id of its defect, 0 where there is none.
        parents: (m,), for each triangle the one of the prepared part that it came from.
        defects: for each defect its id, kind, label, sizes in mm and place.
        warnings: what could not be done, a sentence each.
    """

    vertices_mm: Floats
    triangles: Ints
    ids: Ints
    parents: np.ndarray
    defects: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = field(default=())


def build_instance(
    manifest: schema.Manifest, ground: Ground, mesh: Mesh, eyes_mm: Floats, number: int
) -> Instance:
    """Draw and build one instance; the same for the same manifest and number, whatever was built before.

    Args:
        manifest: whose defects.
        ground: the prepared part, on which places are looked for.
        mesh: the same surface, as finely divided as its relief asks for, into which the defects are pressed.
        eyes_mm: (v, 3), where the cameras stand, in the part's axes.
        number: of the instance.
    """
    dents: list[DentShape] = []
    records: list[dict[str, Any]] = []
    warnings: list[str] = []
    for entry, dent in enumerate(manifest.defects):
        for k in range(_count(manifest, dent, entry, number)):
            sizes = _sizes(manifest, dent, entry, k, number)
            shape = _place(manifest, ground, dents, dent, entry, k, number, eyes_mm, sizes)
            if shape is None:
                warnings.append(
                    f"instance {number}: defects[{entry}] number {k} ({sizes['diameter_mm']:.3g} mm) found no room "
                    "on the surface and was left out"
                )
                continue
            dents.append(shape)
            place = {"position_mm": shape.center_mm.tolist(), "normal": shape.normal.tolist()}
            records.append({"id": shape.id, "kind": dent.KIND, "label": dent.label} | sizes | place)
    vertices, triangles, ids, parents = press(mesh.vertices_mm, mesh.triangles, dents)
    return Instance(vertices, triangles, ids, parents, tuple(records), tuple(warnings))


def _most(dent: schema.Dent) -> int:
    return max(1, round(distributions.support(dent.count)[1]))


def _count(manifest: schema.Manifest, dent: schema.Dent, entry: int, number: int) -> int:
    name = f"defects[{entry}].count"
    return round(float(sampling.draw(dent.count, manifest.seed, name, number, number + 1)[0]))


def _sizes(manifest: schema.Manifest, dent: schema.Dent, entry: int, k: int, number: int) -> dict[str, float]:
    # Places for the largest count are set aside, so that a defect's draw does not depend on how many there are.
    index = number * _most(dent) + k
    return {
        name: float(sampling.draw(getattr(dent, name), manifest.seed, f"defects[{entry}].{name}", index, index + 1)[0])
        for name in ("diameter_mm", "depth_mm", "elongation", "angle_deg")
    }


def _place(
    manifest: schema.Manifest,
    ground: Ground,
    taken: list[DentShape],
    dent: schema.Dent,
    entry: int,
    k: int,
    number: int,
    eyes_mm: Floats,
    sizes: dict[str, float],
) -> DentShape | None:
    long_mm, short_mm = half_axes_mm(sizes["diameter_mm"], sizes["elongation"])
    if isinstance(dent.placement, schema.AtPosition):
        places = iter([ground.nearest(np.array(dent.placement.position_mm))])
    else:
        random = sampling.generator(manifest.seed, f"defects[{entry}].placement", number * _most(dent) + k)
        allowed = ground.seen_from(eyes_mm, dent.placement.facing_deg)
        places = ground.by_area(allowed, random, _TRIES)
    for center, normal in places:
        axis = _axis(normal, sizes["angle_deg"])
        apart = all(np.linalg.norm(center - o.center_mm) > 1.2 * (long_mm + o.long_mm) for o in taken)
        if apart and ground.holds(center, normal, axis, long_mm, short_mm):
            return DentShape(len(taken) + 1, center, normal, axis, long_mm, short_mm, sizes["depth_mm"])
    return None


def _axis(normal: Floats, angle_deg: float) -> Floats:
    """Unit vector in the surface: at 0 degrees as level as can be, from there counter-clockwise seen from outside."""
    up = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, normal)
    right /= np.linalg.norm(right)
    angle = math.radians(angle_deg)
    return math.cos(angle) * right + math.sin(angle) * np.cross(normal, right)
