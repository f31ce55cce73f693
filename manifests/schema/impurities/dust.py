"""Dust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...fields import field
from ..vectors import Colour


@dataclass(frozen=True)
class Dust:
    """Specks of dust that lie on the surface, a solid texture: acceptable, but labelled."""

    KIND: ClassVar[str] = "dust"
    label: str = field("Name of the class in the mask.", "dust")
    density_per_cm2: float = field("Mean number of specks on a square centimetre.", 4.0, low=0.0, driven=True)
    diameter_mm: float = field(
        "Largest diameter of a speck; the smallest is a third of it.", 0.5, above=0.0, driven=True
    )
    color: Colour = field("Linear RGB of the specks.", (0.2, 0.18, 0.15), low=0.0, high=1.0, driven=True)
