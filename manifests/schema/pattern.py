"""Patterns: pictures that are drawn by formula, without a part or Blender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ..distributions import Number
from ..fields import field

_PIXELS = (0.0, 0.0)


@dataclass(frozen=True)
class ChessPattern:
    """Black and white squares of one size, which an elastic deformation moves in some round regions (S3).

    A displacement of each pixel is drawn from a uniform distribution and convolved with a Gaussian kernel.
    """

    KIND: ClassVar[str] = "chess"
    label: str = field("Name of the class in the mask.", "deformation")
    count: Number = field(
        "Deformed regions in an instance; rounded to a whole number. They do not overlap.", 1.0, low=0.0, high=1000.0
    )
    square_px: float = field("Side of a square.", 16.0, low=2.0, driven=True)
    offset_px: tuple[float, float] = field("Shift of the board to the right and down.", _PIXELS, driven=True)
    dark: float = field("Linear light of the dark squares.", 0.0, low=0.0, high=1.0, driven=True)
    bright: float = field("Linear light of the bright squares.", 1.0, low=0.0, high=1.0, driven=True)
    diameter_px: Number = field(
        "Diameter of a region, and of its mask; at most the image's shorter side.", 80.0, low=4.0
    )
    mask: Literal["region", "changed"] = field(
        "region: all of a region; changed: those of its pixels that changed by over half of the contrast, which is all "
        "that a reconstruction can differ in.",
        "region",
    )
    displacement_px: Number = field(
        "Root mean square of the displacement; it fades to nothing at the region's outline.", 4.0, above=0.0
    )
    smoothing_px: Number = field(
        "Standard deviation of the Gaussian kernel: over how far neighbours move together.", 8.0, low=0.5
    )


@dataclass(frozen=True)
class NoisePattern:
    """Intensities drawn from a Gaussian distribution, with noisy linear functions plotted on top (S3)."""

    KIND: ClassVar[str] = "noise"
    label: str = field("Name of the class in the mask.", "line")
    count: Number = field("Lines in an instance; rounded to a whole number.", 1.0, low=0.0, high=1000.0)
    mean: float = field("Mean of the intensities, as linear light.", 0.5, low=0.0, high=1.0, driven=True)
    deviation: float = field("Standard deviation of the intensities.", 0.15, above=0.0, high=10.0, driven=True)
    intensity: Number = field("Linear light of a line.", 1.0, low=0.0, high=1.0)
    length_px: Number = field("Length of a line; at most the image's shorter side.", 160.0, low=4.0)
    angle_deg: Number = field("Direction of a line; 0: to the right, 90: up.", 0.0)
    width_px: Number = field("Width of a line.", 4.0, low=1.0)
    step_px: Number = field("Distance along a line from one of its points to the next.", 8.0, low=1.0)
    wobble_px: Number = field("Standard deviation of its points across it: its noise.", 3.0, low=0.0)


Pattern: TypeAlias = ChessPattern | NoisePattern
