"""What the process does that judges views; see ``child``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..contract import schema, viewpoints
from ..geometry.coverage import planner
from ..geometry.coverage.picture import most_px_per_mm, point_colours
from ..geometry.coverage.seeing import Lens, Limits, focuses_mm
from ..geometry.coverage.surface import Points, Surface, turn
from ..geometry.preparation.prepared_files import load_prepared
from ..geometry.refine import refine

_FINENESS = 45
"""Edges of the triangles that are coloured, on the part's diagonal."""
_MOST = 60_000
"""Triangles from which on none is made smaller."""


def main(task: dict[str, object]) -> None:
    """Judge the views of a manifest by the limits that hold where none are given, and colour the part.

    Args:
        task: ``manifest`` as it is written, ``part`` the file of the prepared part, ``out`` the npz to write:
            ``corners`` (m, 3, 3) of triangles in the part's axes, mm; ``colours`` (m, 3), 0 to 1; and numbers of the
            verdict.

    Raises:
        UserError: nothing can be seen.
    """
    data: dict[str, object] = task["manifest"]  # type: ignore[assignment]
    manifest = schema.from_dict(data)
    mesh, _ = load_prepared(Path(str(task["part"])))
    bounds, surface = viewpoints.Bounds.of(mesh.vertices_mm), Surface.of(mesh, manifest.the_part())
    lens = Lens(manifest.camera)
    limits = Limits(planner.usual_px_per_mm(manifest.camera, bounds.radius_mm))
    found = planner.reach(surface, manifest.camera, limits)
    views = viewpoints.plan(manifest.views, manifest.camera, bounds)
    focus_mm = focuses_mm(lens, views, bounds.radius_mm)
    verdict = planner.coverage(surface, lens, views, focus_mm, limits, found)

    vertices, triangles, parents = mesh.vertices_mm, mesh.triangles, np.arange(mesh.face_count)
    edge_mm = mesh.diagonal_mm() / _FINENESS
    if len(triangles) < _MOST:
        vertices, triangles, parents = refine(vertices, triangles, lambda centers, _: np.full(len(centers), edge_mm))
    corners, part = vertices[triangles], manifest.the_part()
    posed = corners.mean(axis=1) @ turn(part.rotation_deg).T + np.array(part.location_mm)
    points = Points(posed, surface.normals[parents])
    most = most_px_per_mm(limits.px_per_mm, verdict.px_per_mm)
    colours = point_colours(surface, points, lens, views, focus_mm, limits, found, most)
    numbers = {
        "views": verdict.views,
        "blind": len(verdict.blind),
        "share": verdict.share,
        "uncovered_mm2": verdict.uncovered_mm2,
        "reachable_mm2": verdict.reachable_mm2,
        "least_px_per_mm": limits.px_per_mm,
        "most_px_per_mm": most,
        "incidence_deg": limits.incidence_deg,
        "blur_px": limits.blur_px,
    }
    np.savez(Path(str(task["out"])), corners=corners.astype(np.float32), colours=colours.astype(np.float32), **numbers)
