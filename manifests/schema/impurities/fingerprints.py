"""Fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...distributions import Number
from ...fields import field
from ..defects import OnArea, Placement


@dataclass(frozen=True)
class Fingerprint:
    """Fingerprints (S4): ridges of grease in an oval, each about a core of its own."""

    KIND: ClassVar[str] = "fingerprint"
    label: str = field("Name of the class in the mask.", "fingerprint")
    count: Number = field("Prints of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=32.0)
    width_mm: Number = field("Width of the oval.", 15.0, above=0.0)
    length_mm: Number = field("Length of the oval, along the finger.", 20.0, above=0.0)
    angle_deg: Number = field("Direction of the finger in the surface.", 90.0)
    placement: Placement = field("Where the middles of the prints lie.", OnArea())
    ridge_mm: float = field("Distance from one ridge to the next.", 0.5, above=0.0, driven=True)
    smudge: float = field(
        "How smudged the ridges are: 0 sharp, 1 a patch of grease.", 0.25, low=0.0, high=1.0, driven=True
    )
    intensity: float = field("Change of the reflectance under the grease.", -0.12, low=-1.0, high=1.0, driven=True)
    roughness: float = field("Change of the roughness under the grease.", 0.2, low=-1.0, high=1.0, driven=True)
