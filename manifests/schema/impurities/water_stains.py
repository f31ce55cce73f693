"""Water stains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...fields import field
from ..vectors import Vector


@dataclass(frozen=True)
class WaterStain:
    """Water stains, a solid texture (S4, algorithm 1): balls about the points of a jittered grid, their rims perturbed.

    A point p of the surface at the distance d from the nearest centre lies in a stain where d <= r' = `radius_mm` +
    noise(p) x `amplitude_mm`; its reflectance changes by `intensity` x (d / r') to the power of `decay`.
    """

    KIND: ClassVar[str] = "water_stain"
    label: str = field("Name of the class in the mask.", "water_stain")
    radius_mm: float = field("Radius r of a stain before the noise.", 5.0, above=0.0, driven=True)
    cell_mm: float = field(
        "Side G of the grid's cells, each with one centre: the larger, the fewer stains. At least twice the radius, or "
        "stains meet in straight lines.",
        22.0,
        above=0.0,
        driven=True,
    )
    frequency_per_mm: float = field("Frequency f of the Perlin noise.", 0.2, above=0.0, driven=True)
    amplitude_mm: float = field("Amplitude A of the noise, which lies between -1 and 1.", 2.5, low=0.0, driven=True)
    decay: float = field(
        "Exponent gamma: the larger, the narrower the rim and the clearer the middle.", 5.0, above=0.0, driven=True
    )
    intensity: float = field(
        "Change alpha of the reflectance at the rim: negative for dark rims, positive for bright ones.",
        -0.4,
        low=-1.0,
        high=1.0,
        driven=True,
    )
    center_mm: Vector | None = field("Centre of the only stain, in the part's axes; nothing: many, on the grid.", None)
