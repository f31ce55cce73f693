"""Defects, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ..distributions import Number
from ..fields import field
from .vectors import FAR_MM, Vector


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
class ByCurvature:
    """Where the surface is flat, or beside its sharp edges."""

    KIND: ClassVar[str] = "curvature"
    where: Literal["flat", "edges"] = field(
        "flat: normals turn by less than 5 degrees within `near_mm`; edges: they turn by more than 30.", "flat"
    )
    near_mm: float = field("Radius about a place in which its normals are compared.", 2.0, above=0.0)
    facing_deg: float = field(
        "Only where some view sees the surface at less than this angle from its normal; 180: anywhere.",
        70.0,
        above=0.0,
        high=180.0,
    )


@dataclass(frozen=True)
class InRegion:
    """On the faces that an object's name, a normal and a box select together; what is not given selects all."""

    KIND: ClassVar[str] = "region"
    object: str | None = field("Name of the object in the CAD file; nothing: any.", None)
    normal: Vector | None = field("Direction that the faces look in, in the axes of the part; nothing: any.", None)
    within_deg: float = field("Largest angle between `normal` and that of a face.", 10.0, above=0.0, high=180.0)
    low_mm: Vector = field(
        "Lower corner of a box that holds the centres, in the axes of the placed part, before its own location and "
        "rotation.",
        (-FAR_MM, -FAR_MM, -FAR_MM),
    )
    high_mm: Vector = field("Upper corner of that box.", (FAR_MM, FAR_MM, FAR_MM))
    facing_deg: float = field(
        "Only where some view sees the surface at less than this angle from its normal; 180: anywhere.",
        180.0,
        above=0.0,
        high=180.0,
    )


@dataclass(frozen=True)
class AtPosition:
    """At the point of the surface (of a chip: of a sharp edge) nearest to a position."""

    KIND: ClassVar[str] = "position"
    position_mm: Vector = field("Position in the axes of the placed part, before its own location and rotation.")


Placement: TypeAlias = OnArea | ByCurvature | InRegion | AtPosition

_INSIGNIFICANT = "In the surface and the record, but not in the masks: what looks like a defect and is none (S2)."
_OVERLAP = "Whether these may lie on other defects; the later one is pressed into the earlier."


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
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class Bump:
    """Bumps raised from the geometry: elliptic domes, level with the surface at the outline."""

    KIND: ClassVar[str] = "bump"
    label: str = field("Name of the class in the mask.", "bump")
    count: Number = field("Bumps of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    diameter_mm: Number = field("Diameter of the circle of the same area as the outline.", 1.5, above=0.0)
    height_mm: Number = field("Height at the centre.", 0.2, above=0.0)
    elongation: Number = field("Long axis over short axis of the outline.", 1.0, low=1.0)
    angle_deg: Number = field("Direction of the long axis in the surface.", 0.0)
    placement: Placement = field("Where the bumps lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class Scratch:
    """Scratches: curving grooves between two ridges of the material that they pushed aside."""

    KIND: ClassVar[str] = "scratch"
    label: str = field("Name of the class in the mask.", "scratch")
    count: Number = field(
        "Scratches of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0
    )
    length_mm: Number = field(
        "Length along the scratch, from the middle of one end to that of the other.", 8.0, above=0.0
    )
    width_mm: Number = field("Width of groove and ridges in the middle (S2: 0.05 to 0.3 mm).", 0.2, above=0.0)
    depth_mm: Number = field("Depth of the groove in the middle; it runs out towards both ends.", 0.04, above=0.0)
    pile_up: Number = field(
        "Height of the ridges over the depth; 0: no ridges, the groove is as wide as the scratch.",
        0.25,
        low=0.0,
        high=1.0,
    )
    curving_deg: Number = field(
        "Curving strength: largest turn from the straight direction (S2 draws strength and frequency).",
        10.0,
        low=0.0,
        high=80.0,
    )
    curving_waves: Number = field(
        "Curving frequency: how often it swings to and fro over its length.", 0.5, low=0.0, high=20.0
    )
    angle_deg: Number = field("Direction in the surface.", 0.0)
    placement: Placement = field("Where the middles of the scratches lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class Chip:
    """Chipped edges: hollow bites out of sharp convex edges of the part."""

    KIND: ClassVar[str] = "chip"
    label: str = field("Name of the class in the mask.", "chip")
    count: Number = field("Chips of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    length_mm: Number = field("Length along the edge.", 3.0, above=0.0)
    width_mm: Number = field("How far it reaches onto the faces beside the edge.", 1.0, above=0.0)
    depth_mm: Number = field("Hollow below the flat bevel from rim to rim.", 0.2, low=0.0)
    jaggedness: Number = field("How ragged its outline and its floor are: 0 smooth, 1 very.", 0.4, low=0.0, high=1.0)
    placement: Placement = field("Where along the part's sharp edges the chips lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class GluePad:
    """Glue pads (S0): flat raised pads with a rounded rim."""

    KIND: ClassVar[str] = "glue_pad"
    label: str = field("Name of the class in the mask.", "glue_pad")
    count: Number = field("Pads of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    diameter_mm: Number = field("Diameter of the circle of the same area as the outline.", 5.0, above=0.0)
    height_mm: Number = field("Height of the flat top.", 0.4, above=0.0)
    rim_mm: Number = field("Width of the rounded rim; at most half of the pad.", 0.6, above=0.0)
    irregularity: Number = field("How far the outline strays from an ellipse: 0 not, 1 very.", 0.3, low=0.0, high=1.0)
    elongation: Number = field("Long axis over short axis of the outline.", 1.0, low=1.0)
    angle_deg: Number = field("Direction of the long axis in the surface.", 0.0)
    placement: Placement = field("Where the pads lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class Crack:
    """Cracks: thin jagged lines that branch, deep for their width."""

    KIND: ClassVar[str] = "crack"
    label: str = field("Name of the class in the mask.", "crack")
    count: Number = field("Cracks of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0)
    length_mm: Number = field("Length along the main line.", 8.0, above=0.0)
    width_mm: Number = field("Width of the main line in the middle.", 0.12, above=0.0)
    depth_mm: Number = field("Depth in the middle of the main line.", 0.3, above=0.0)
    jaggedness_deg: Number = field("Largest turn of the line from its straight direction.", 35.0, low=0.0, high=80.0)
    branches: Number = field("Number of branches; rounded to a whole number.", 2.0, low=0.0, high=20.0)
    angle_deg: Number = field("Direction in the surface.", 0.0)
    placement: Placement = field("Where the middles of the cracks lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


@dataclass(frozen=True)
class Pore:
    """Pores: small steep holes, alone or in clusters."""

    KIND: ClassVar[str] = "pore"
    label: str = field("Name of the class in the mask.", "pore")
    count: Number = field(
        "Pores or clusters of this entry in an instance; rounded to a whole number.", 1.0, low=0.0, high=10000.0
    )
    diameter_mm: Number = field("Diameter of the pore, in a cluster of the largest.", 0.5, above=0.0)
    depth_mm: Number = field("Depth at the centre.", 0.4, above=0.0)
    holes: Number = field(
        "Holes that make one defect with one id; rounded to a whole number. 1: a single pore.", 1.0, low=1.0, high=100.0
    )
    spread_mm: Number = field("Diameter of the disc over which a cluster's centres lie.", 2.0, above=0.0)
    placement: Placement = field("Where the pores lie.", OnArea())
    insignificant: bool = field(_INSIGNIFICANT, False)
    overlap: bool = field(_OVERLAP, False)


Defect: TypeAlias = Dent | Bump | Scratch | Chip | GluePad | Crack | Pore
