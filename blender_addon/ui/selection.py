"""The faces that a person has selected on the part, as a region of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ..contract import errors

if TYPE_CHECKING:
    from ..geometry.mesh import Mesh


def region(part: bpy.types.Object, mesh: Mesh) -> dict[str, Any]:
    """Plain data of the region that the selected faces stand for: their CAD faces, or where the file knows none, the
    direction that they look in.

    Args:
        part: the object, in edit mode or not.
        mesh: the prepared part that it shows.

    Raises:
        ManifestError: nothing is selected, or faces that look in all directions.
    """
    from ..geometry.nearest import TriangleTree
    from ..scene import MM

    part.update_from_editmode()
    faces = part.data.polygons
    chosen = np.zeros(len(faces), dtype=bool)
    faces.foreach_get("select", chosen)
    if not chosen.any():
        raise errors.ManifestError("surfaces", "no face of the part is selected; select some in edit mode")
    if mesh.cad_face is not None:
        centres = np.zeros(3 * len(faces))
        faces.foreach_get("center", centres)
        _, triangles = TriangleTree(mesh.vertices_mm, mesh.triangles).nearest(centres.reshape(-1, 3)[chosen] / MM)
        return {"cad_faces": sorted({int(number) for number in mesh.cad_face[triangles]})}
    normals = np.zeros(3 * len(faces))
    faces.foreach_get("normal", normals)
    normals = normals.reshape(-1, 3)[chosen]
    mean = normals.mean(axis=0)
    if np.linalg.norm(mean) < 0.1:
        raise errors.ManifestError(
            "surfaces", "the selected faces look in all directions; select some that look in one"
        )
    mean /= np.linalg.norm(mean)
    widest = float(np.degrees(np.arccos(np.clip(normals @ mean, -1, 1))).max())
    return {"normal": [round(float(x), 6) for x in mean], "within_deg": float(np.ceil(widest)) + 1.0}
