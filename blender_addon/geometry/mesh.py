"""The one shape in which a part travels: triangles as arrays, in millimetres."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """Triangles of one or more named objects.

    Attributes:
        vertices_mm: (n, 3) float64, positions in millimetres.
        triangles: (m, 3) int32, indices into ``vertices_mm``, counter-clockwise seen from outside.
        object_names: names of the objects, as the CAD file has them.
        object_index: (m,) int32, for each triangle its object in ``object_names``.
        cad_face: (m,) int32, for each triangle its face of the CAD model, numbered through the whole part; None where
            the file knows no CAD faces (all but STEP and IGES).
        material_names: names of the materials, as the file has them; empty where it names none.
        material: (m,) int32, for each triangle its material in ``material_names``, -1 for none; None where there are
            no names.
    """

    vertices_mm: NDArray[np.float64]
    triangles: NDArray[np.int32]
    object_names: tuple[str, ...]
    object_index: NDArray[np.int32]
    cad_face: NDArray[np.int32] | None = None
    material_names: tuple[str, ...] = ()
    material: NDArray[np.int32] | None = None

    @property
    def face_count(self) -> int:
        """Number of triangles."""
        return len(self.triangles)

    def bounds_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corner of the bounding box, (3,) each."""
        return self.vertices_mm.min(axis=0), self.vertices_mm.max(axis=0)

    def diagonal_mm(self) -> float:
        """Length of the bounding box's diagonal."""
        low, high = self.bounds_mm()
        return float(np.linalg.norm(high - low))

    def faces_by_object(self) -> dict[str, int]:
        """Number of triangles of each object, in the order of ``object_names``."""
        counts = np.bincount(self.object_index, minlength=len(self.object_names))
        return {name: int(count) for name, count in zip(self.object_names, counts, strict=True)}

    def with_triangles(self, keep: NDArray[np.bool_]) -> Mesh:
        """The mesh with the triangles of the (m,) mask only; vertices and names stay."""
        return self.of_triangles(self.vertices_mm, self.triangles[keep], np.flatnonzero(keep))

    def of_triangles(
        self, vertices_mm: NDArray[np.float64], triangles: NDArray[np.int32], parents: NDArray[np.intp]
    ) -> Mesh:
        """A mesh of other triangles (k, 3), each of which belongs to what its parent (k,) of this mesh belongs to."""
        return replace(
            self,
            vertices_mm=vertices_mm,
            triangles=triangles,
            object_index=self.object_index[parents],
            cad_face=None if self.cad_face is None else self.cad_face[parents],
            material=None if self.material is None else self.material[parents],
        )

    def without_unused_vertices(self) -> Mesh:
        """The mesh with only the vertices that a triangle uses, in their old order."""
        used = np.zeros(len(self.vertices_mm), dtype=bool)
        used[self.triangles.reshape(-1)] = True
        if used.all():
            return self
        number = np.cumsum(used, dtype=np.int32) - np.int32(1)
        vertices_mm, triangles = self.vertices_mm[used], number[self.triangles]
        return replace(self, vertices_mm=vertices_mm, triangles=triangles)


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names made distinct in their order, as Blender does it (``bolt``, ``bolt.001``); an empty one is ``part``."""
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        base = " ".join(name.split()) or "part"
        candidate, number = base, 0
        while candidate in taken:
            number += 1
            candidate = f"{base}.{number:03d}"
        taken.add(candidate)
        result.append(candidate)
    return tuple(result)
