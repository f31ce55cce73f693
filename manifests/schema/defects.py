"""Defects, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from ..distributions import Number
from ..fields import field
from .vectors import Vector


@dataclass(frozen=True)
class OnArea:
    """Anywhere on the surface, each square millimetre equally likely."""

    KIND: ClassVar[str] = "area"
    facing_deg: float = field(
        "Only where some view sees the surface at less than this angle from its normal; 180: anywhere.",
        70.0,
        above=0.0,
        high=180.0,
    )


@dataclass(frozen=True)
class AtPosition:
    """At the point of the surface nearest to a position."""

    KIND: ClassVar[str] = "position"
    position_mm: Vector = field("Position in the axes of the placed part, before its own location and rotation.")


Placement: TypeAlias = OnArea | AtPosition


@dataclass(frozen=True)
class Dent:
    """Dents pressed into the geometry: elliptic bowls, deepest at the centre, level with the surface at the outline."""

    KIND: ClassVar[str] = "dent"
    label: str = field("Name of the class in the mask.", "dent")
    count: Number = field("Dents of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    diameter_mm: Number = field(
        "Diameter of the circle of the same area as the outline (S2: 0.2 to 2 mm).", 1.5, above=0.0
    )
    depth_mm: Number = field("Depth at the centre.", 0.2, above=0.0)
    elongation: Number = field("Long axis over short axis of the outline.", 1.0, low=1.0)
    angle_deg: Number = field("Direction of the long axis in the surface.", 0.0)
    placement: Placement = field("Where the dents lie.", OnArea())


Defect: TypeAlias = Dent
