"""The CAD part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import ManifestError
from ..fields import field, join
from .vectors import Vector


@dataclass(frozen=True)
class ObjectBudget:
    """Face budget of one object of an assembly."""

    object: str = field("Name of the object in the CAD file.")
    faces: int = field("Most triangles that the object may keep.", low=4)


@dataclass(frozen=True)
class Part:
    """The CAD part and its pose."""

    file: str = field("CAD file (STEP, IGES, STL, OBJ, PLY, GLB, glTF), relative to the manifest.")
    unit: Literal["auto", "mm", "cm", "m", "inch"] = field(
        "Unit of length in the file; auto: mm for STL, OBJ and PLY, that of the file for STEP, IGES and glTF.", "auto"
    )
    faces: int | None = field("Most triangles that the whole part may keep; nothing: all.", None, low=4)
    budgets: tuple[ObjectBudget, ...] = field(
        "Face budgets of single objects; the others keep all of their faces. Not together with `faces`.", ()
    )
    origin: Literal["center", "base", "file"] = field(
        "What lies at the origin: the centre of the bounding box, the centre of its underside, or the file's origin.",
        "center",
    )
    location_mm: Vector = field("Where the origin of the part is put.", (0.0, 0.0, 0.0), driven=True)
    rotation_deg: Vector = field("Rotation about x, then y, then z.", (0.0, 0.0, 0.0), driven=True)

    @property
    def face_budget(self) -> int | dict[str, int] | None:
        """Most triangles that the whole part may keep, or objects by name; None: all."""
        return {budget.object: budget.faces for budget in self.budgets} or self.faces

    def check(self, path: str) -> None:
        if not self.file.strip():
            raise ManifestError(join(path, "file"), "must name a CAD file")
        if self.faces is not None and self.budgets:
            raise ManifestError(join(path, "faces"), "must be empty where `budgets` says what each object may keep")
        names = [b.object for b in self.budgets]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise ManifestError(f"{join(path, 'budgets')}[{i}].object", f"'{name}' has a budget already")
