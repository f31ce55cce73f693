"""Moulded plastics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...fields import field
from ..vectors import Colour
from .common import depth, size


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
