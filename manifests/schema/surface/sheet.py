"""Foils on a sheet of metal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...fields import field
from ..vectors import Colour, Vector
from .common import ALUMINIUM, check_direction, depth, metal, rough, size, uneven


@dataclass(frozen=True)
class Riblet:
    """Riblet foil on a metal plate (S3): fine parallel ridges with flat valleys between them, in a clear skin."""

    KIND: ClassVar[str] = "riblet"
    TEXTURE: ClassVar[tuple[str, ...]] = ("height_mm",)
    color: Colour = metal(ALUMINIUM)
    roughness: float = rough(0.3)
    clear: float = field(
        "How much of the foil's own gloss lies over the metal; 0: bare metal.", 0.6, low=0.0, high=1.0, driven=True
    )
    pitch_mm: float = size("Distance from one ridge to the next.", 0.15)
    height_mm: float = depth("Height of the ridges.", 0.04)
    irregularity: float = uneven(0.2)
    direction: Vector = field("Direction of the ridges, in the part's axes.", (1.0, 0.0, 0.0))

    def check(self, path: str) -> None:
        check_direction(self, path, "direction")
