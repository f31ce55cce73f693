"""What became of a CAD file on its way to a prepared part."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .repair import RepairReport


@dataclass(frozen=True)
class ObjectReport:
    """One object of the part: its name and its triangles in the repaired file and in the prepared part."""

    name: str
    faces_before: int
    faces_after: int


@dataclass(frozen=True)
class PartReport:
    """Where a prepared part came from and how true to it it is.

    Attributes:
        source: name of the CAD file.
        source_sha256: of its bytes.
        format: STEP, IGES, STL, OBJ, PLY or glTF.
        unit: as asked for: mm, cm, m, inch, or auto.
        origin: center, base or file.
        objects: one entry for each object, in the order of the mesh.
        faces_before: triangles in the file.
        faces_after: triangles of the prepared part.
        deviation_max_mm: largest measured distance between the file's surface and the part's.
        deviation_mean_mm: mean of it over the file's vertices.
        deviation_points: how many points that was measured at; 0: nothing was decimated.
        size_mm: extent of the file's bounding box along x, y and z.
        repair: what was mended and what damage is left.
        warnings: sentences for a person; empty when all is well.
    """

    source: str
    source_sha256: str
    format: str
    unit: str
    origin: str
    objects: tuple[ObjectReport, ...]
    faces_before: int
    faces_after: int
    deviation_max_mm: float
    deviation_mean_mm: float
    deviation_points: int
    size_mm: tuple[float, float, float]
    repair: RepairReport
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PartReport:
        """The inverse of ``to_dict``.

        Raises:
            TypeError, KeyError: the data are of another version.
        """
        changed = {
            "objects": tuple(ObjectReport(**entry) for entry in data["objects"]),
            "size_mm": tuple(data["size_mm"]),
            "repair": RepairReport(**data["repair"]),
            "warnings": tuple(data["warnings"]),
        }
        return cls(**{**data, **changed})
