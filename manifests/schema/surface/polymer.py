"""Moulded plastics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...errors import ManifestError
from ...fields import field, join
from ..vectors import FAR_MM, Colour, Vector
from .common import check_direction, check_not_along, depth, size


@dataclass(frozen=True)
class Engraving:
    """Text that the mould leaves in the surface, as relief without geometry (S1): the names on knobs and sides."""

    text: str = field("What it says; one line.")
    height_mm: float = field("Height of a capital letter.", 2.0, low=0.01, high=1000.0)
    depth_mm: float = field("Depth of the letters; negative: raised.", 0.05, low=-10.0, high=10.0)
    position_mm: Vector = field("Middle of the text, in the part's axes.", (0.0, 0.0, 0.0), low=-FAR_MM, high=FAR_MM)
    normal: Vector = field("Direction that the faces look in which bear it, in the part's axes.", (0.0, 0.0, 1.0))
    direction: Vector = field("Direction in which it reads, in the part's axes; not along `normal`.", (1.0, 0.0, 0.0))
    spacing_mm: tuple[float, float] | None = field(
        "Distance to the next copy in reading direction and across it, as on knobs; nothing: it stands there once.",
        None,
        above=0.0,
        high=FAR_MM,
    )

    def check(self, path: str) -> None:
        if not self.text.strip() or not self.text.isprintable():
            raise ManifestError(join(path, "text"), "must be one line of printable characters")
        check_direction(self, path, "normal", "direction")
        check_not_along(self, path, "direction", "normal", "nobody could read it")


@dataclass(frozen=True)
class Polymer:
    """Moulded plastic (S1): a smooth, faintly wavy skin, the orange peel of the mould, with a soft sheen."""

    KIND: ClassVar[str] = "polymer"
    TEXTURE: ClassVar[tuple[str, ...]] = ("relief_height_mm",)
    color: Colour = field("Linear RGB of the plastic.", (0.32, 0.33, 0.34), low=0.0, high=1.0, driven=True)
    roughness: float = field("Roughness of the Principled shader.", 0.32, low=0.0, high=1.0, driven=True)
    specular: float = field(
        "Specular level of the Principled shader; 0.5 is plastic (index of refraction 1.5).",
        0.5,
        low=0.0,
        high=1.0,
        driven=True,
    )
    relief_height_mm: float = depth("Height from the deepest to the highest point of the orange peel.", 0.02)
    relief_scale_mm: float = size("Size of the waves of the orange peel.", 0.8)
    engraving: Engraving | None = field("Text in the surface; nothing: none.", None)
