"""Metals without a direction: blasted, cast, grainy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...fields import field
from ..vectors import Colour
from .common import ALUMINIUM, STEEL, depth, metal, rough, size


@dataclass(frozen=True)
class Blasted:
    """Sand-blasted metal (S2): dull, covered all over with the craters of the grains that hit it."""

    KIND: ClassVar[str] = "blasted"
    TEXTURE: ClassVar[tuple[str, ...]] = ("crater_depth_mm",)
    color: Colour = metal(ALUMINIUM)
    roughness: float = rough(0.4)
    crater_diameter_mm: float = size("Mean diameter of the craters.", 0.18)
    crater_depth_mm: float = depth("Depth of the craters.", 0.02)


@dataclass(frozen=True)
class Cast:
    """Sand-cast metal (S2, S4): the coarse grain of the mould, and pits where gas or sand was."""

    KIND: ClassVar[str] = "cast"
    TEXTURE: ClassVar[tuple[str, ...]] = ("grain_height_mm", "pits_per_cm2")
    color: Colour = metal((0.62, 0.62, 0.61))
    roughness: float = rough(0.45)
    grain_mm: float = size("Size of the grains of the mould.", 0.7)
    grain_height_mm: float = depth("Height from the deepest to the highest point of the grain.", 0.12)
    pits_per_cm2: float = field("Mean number of pits on a square centimetre.", 3.0, low=0.0, high=1e4, driven=True)
    pit_diameter_mm: float = size("Diameter of the largest pits; the smallest have a third of it.", 0.8)


@dataclass(frozen=True)
class Granular:
    """Granular steel (S3): grains beside one another, each tilted its own way, with seams between them."""

    KIND: ClassVar[str] = "granular"
    TEXTURE: ClassVar[tuple[str, ...]] = ("seam_depth_mm", "tilt_deg")
    color: Colour = metal(STEEL)
    roughness: float = rough(0.35)
    grain_mm: float = size("Mean size of the grains.", 0.5)
    seam_depth_mm: float = depth("Depth of the seams between grains.", 0.02)
    tilt_deg: float = field("Steepest tilt of a grain.", 6.0, low=0.0, high=45.0, driven=True)
