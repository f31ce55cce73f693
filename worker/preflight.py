"""Preflight: what a manifest asks of its part and cannot get is refused before anything is rendered or written."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blender_addon.geometry.coverage.rays import first_hit
from blender_addon.geometry.coverage.seeing import Lens
from blender_addon.geometry.coverage.surface import turn
from blender_addon.geometry.defects.instances import count_of, draw_defects
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.impurities.instances import draw_key, draw_places
from blender_addon.geometry.mesh import Mesh
from blender_addon.geometry.nearest import TriangleTree
from blender_addon.geometry.selection import surface_index
from manifests import viewpoints
from manifests.errors import ManifestError
from manifests.sampling import Table
from manifests.schema import Fingerprint, Manifest, Sticker
from manifests.viewpoints import Bounds, Viewpoints

_INSTANCES = 10  # at most, that are drawn to see whether what is placed finds room
_RAYS = 16  # along each side of an image


def check_scene(manifest: Manifest, mesh: Mesh) -> None:
    """Refuse what is impossible on this part.

    Args:
        manifest: to be rendered.
        mesh: its prepared part.

    Raises:
        ManifestError: naming the field: a surface lies on no face; no view sees the part; the region of a defect,
            fingerprint or sticker selects nothing, no view sees where it may lie, or it has room nowhere, as where it
            is larger than its face.
    """
    surface_index(mesh, manifest.surfaces)
    views = viewpoints.plan(manifest.views, manifest.camera, Bounds.of(mesh.vertices_mm))
    _check_views(manifest, views, mesh)
    _check_room(manifest, views, mesh)


def _check_views(manifest: Manifest, views: Viewpoints, mesh: Mesh) -> None:
    table, tree = Table(manifest, views), TriangleTree(mesh.vertices_mm, mesh.triangles)
    for view in range(manifest.view_count):
        if _sees(view, table, views, mesh, tree):
            return
    raise ManifestError("views", "no view sees the part; move them, their target or the camera's region, or the part")


def _sees(view: int, table: Table, views: Viewpoints, mesh: Mesh, tree: TriangleTree) -> bool:
    """Whether any of the part lies in a view's image, as the first instance has it."""
    manifest = table.manifest
    frame = view * manifest.light_count * manifest.repeats

    def drawn(path: str) -> NDArray[np.float64]:
        return np.array([table.field(f"{path}[{axis}]", frame) for axis in range(3)])

    placed, pose = turn(tuple(drawn("part.rotation_deg"))), views.rotations[view]
    eye = views.locations_mm[view] + pose @ drawn("camera.offset_mm") - drawn("part.location_mm")
    eye, axes = eye @ placed, placed.T @ pose @ turn(tuple(drawn("camera.tilt_deg")))  # as the part sees them
    lens = Lens(manifest.camera)
    zoom = manifest.camera.focal_length_mm / table.field("camera.focal_length_mm", frame)
    low, high = zoom * np.array([lens.left, lens.bottom]), zoom * np.array([lens.right, lens.top])
    local = (mesh.vertices_mm - eye) @ axes
    before = local[local[:, 2] < 0]
    spots = before[:, :2] / -before[:, 2:]
    if ((spots >= low) & (spots <= high)).all(axis=1).any():
        return True
    # A face may fill the image with all of its corners outside.
    x, y = (np.linspace(low[k], high[k], _RAYS) for k in range(2))
    rays = np.stack([*(side.ravel() for side in np.meshgrid(x, y)), np.full(_RAYS**2, -1.0)], axis=1) @ axes.T
    far = 2 * float(np.linalg.norm(mesh.vertices_mm - eye, axis=1).max())
    place, _ = first_hit(tree, np.tile(eye, (len(rays), 1)), eye + far * rays)
    return bool(np.isfinite(place).any())


def _check_room(manifest: Manifest, views: Viewpoints, mesh: Mesh) -> None:
    ground = Ground(mesh.vertices_mm, mesh.triangles)
    # Where each stands in the manifest, and by what its draws are known.
    placed: list[tuple[str, str, Any]] = [(f"defects[{i}]", f"defects[{i}]", e) for i, e in enumerate(manifest.defects)]
    placed += [
        (f"impurities[{i}]", draw_key(manifest, i), entry)
        for i, entry in enumerate(manifest.impurities)
        if isinstance(entry, Fingerprint | Sticker)
    ]
    wanted: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for number in range(min(_INSTANCES, manifest.instances)):
        for field, draws, entry in placed:
            wanted[field] += count_of(manifest, entry, draws, number)
        for draw in (draw_defects, draw_places):
            lacking.update(one.path for one in draw(manifest, ground, mesh, views.locations_mm, number)[-1])
        unplaced = [field for field, *_ in placed if wanted[field] == lacking[field]]
        # What no instance has asked for yet is not worth many more draws.
        if not unplaced or (number >= 2 and not any(wanted[field] for field in unplaced)):
            return
    for field, _, entry in placed:
        if wanted[field] and wanted[field] == lacking[field]:
            problem = f"no {entry.KIND} finds room where it may lie: make it smaller than its faces, or move it"
            raise ManifestError(field, problem)
