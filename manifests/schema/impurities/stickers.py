"""Stickers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...distributions import Number
from ...fields import field
from ..defects import OnArea, Placement
from ..vectors import Colour


@dataclass(frozen=True)
class Sticker:
    """Stickers with a printed number (S4): sheets of their own, draped over the part, one corner come loose."""

    KIND: ClassVar[str] = "sticker"
    label: str = field("Name of the class in the mask.", "sticker")
    count: Number = field("Stickers of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=100.0)
    width_mm: Number = field("Width, along the number.", 16.0, above=0.0)
    height_mm: Number = field("Height.", 9.0, above=0.0)
    thickness_mm: Number = field("Thickness of the sheet.", 0.1, above=0.0)
    curl_mm: Number = field("How far the loose corner reaches into the sticker; 0: all of it sticks.", 3.0, low=0.0)
    curl_deg: Number = field("Angle at which the tip of the loose corner stands off.", 40.0, low=0.0, high=120.0)
    angle_deg: Number = field("Direction of the number in the surface.", 0.0)
    placement: Placement = field("Where the middles of the stickers lie.", OnArea())
    digits: int = field("Digits of the number, which is drawn for each sticker.", 3, low=1, high=8)
    color: Colour = field("Linear RGB of the sheet.", (0.8, 0.8, 0.77), low=0.0, high=1.0, driven=True)
    ink: Colour = field("Linear RGB of the number.", (0.02, 0.02, 0.025), low=0.0, high=1.0, driven=True)
    roughness: float = field("Roughness of the sheet: 0 mirror, 1 matt.", 0.45, low=0.0, high=1.0, driven=True)
