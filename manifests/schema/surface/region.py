"""Where on the part a surface lies."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import ManifestError
from ...fields import field, join
from ..vectors import Vector
from .common import check_direction
from .union import Surface


@dataclass(frozen=True)
class Region:
    """Faces of the part: those for which all that is said here holds."""

    cad_faces: tuple[int, ...] = field(
        "Numbers of faces of the CAD model, from 0 through the whole part (STEP and IGES alone know them); "
        "nothing: any.",
        (),
        low=0,
    )
    objects: tuple[str, ...] = field(
        "Names of objects of the CAD file; `*` stands for any letters, `?` for one. Nothing: any.", ()
    )
    materials: tuple[str, ...] = field(
        "Names of materials of the CAD file (glTF and OBJ have them, STEP where its colours are named); `*` stands for "
        "any letters, `?` for one. Nothing: any.",
        (),
    )
    normal: Vector | None = field("Direction in the part's axes that the faces look in; nothing: any.", None)
    within_deg: float = field("Largest angle between `normal` and the normals of the faces.", 30.0, low=0.0, high=180.0)

    def check(self, path: str) -> None:
        if not self.cad_faces and not self.objects and not self.materials and self.normal is None:
            raise ManifestError(path, "must name faces, by at least one of cad_faces, objects, materials and normal")
        if self.normal is not None:
            check_direction(self, path, "normal")
        for group in ("objects", "materials"):
            for i, name in enumerate(getattr(self, group)):
                if not name.strip():
                    raise ManifestError(f"{join(path, group)}[{i}]", f"must be the name of one of the {group}")


@dataclass(frozen=True)
class LocalSurface:
    """A surface on some of the part's faces."""

    where: Region = field("The faces.")
    surface: Surface = field("Their surface.")
