"""Machined metals: patterns of lines that a tool has left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...errors import ManifestError
from ...fields import field, join
from ..vectors import Colour, Vector
from .common import ALUMINIUM, check_direction, check_not_along, depth, metal, rough, size, spread, uneven


@dataclass(frozen=True)
class Turned:
    """Turned metal (S2): one groove that winds round the axis, as a lathe's tool leaves it.

    It is a spiral on faces that look along the axis, and a helix on those that look away from it.
    """

    KIND: ClassVar[str] = "turned"
    TEXTURE: ClassVar[tuple[str, ...]] = ("depth_mm",)
    color: Colour = metal(ALUMINIUM)
    roughness: float = rough(0.22)
    anisotropy: float = spread(0.5)
    feed_mm: float = size("Distance from one turn of the groove to the next: the feed of the tool.", 0.2)
    depth_mm: float = depth("Depth of the groove.", 0.006)
    irregularity: float = uneven(0.3)
    center_mm: Vector = field("A point of the axis, in the part's axes.", (0.0, 0.0, 0.0), driven=True)
    axis: Vector = field("Direction of the axis, in the part's axes.", (0.0, 0.0, 1.0))

    def check(self, path: str) -> None:
        check_direction(self, path, "axis")


@dataclass(frozen=True)
class Milled:
    """Face-milled metal (S2): rows of arcs, one row for each pass of the cutter, one arc for each of its teeth."""

    KIND: ClassVar[str] = "milled"
    TEXTURE: ClassVar[tuple[str, ...]] = ("depth_mm",)
    color: Colour = metal(ALUMINIUM)
    roughness: float = rough(0.22)
    anisotropy: float = spread(0.4)
    cutter_diameter_mm: float = size("Diameter of the cutter, and so of the arcs.", 12.0)
    step_over_mm: float = size("Distance from one pass to the next; at most the cutter's diameter.", 8.0)
    feed_mm: float = size("Distance from one arc to the next: the feed per tooth.", 0.3)
    depth_mm: float = depth("Depth of the arcs.", 0.005)
    irregularity: float = uneven(0.3)
    axis: Vector = field("Direction of the cutter's axis, in the part's axes.", (0.0, 0.0, 1.0))
    direction: Vector = field("Direction of the passes, in the part's axes; not along `axis`.", (1.0, 0.0, 0.0))

    def check(self, path: str) -> None:
        check_direction(self, path, "axis", "direction")
        if self.step_over_mm > self.cutter_diameter_mm:
            raise ManifestError(
                join(path, "step_over_mm"),
                f"must be <= cutter_diameter_mm ({self.cutter_diameter_mm:g}): the passes gap",
            )
        check_not_along(self, path, "direction", "axis", "a cutter moves across its axis")


@dataclass(frozen=True)
class Brushed:
    """Brushed metal (S4): fine scratches side by side, long and nearly parallel."""

    KIND: ClassVar[str] = "brushed"
    TEXTURE: ClassVar[tuple[str, ...]] = ("depth_mm",)
    color: Colour = metal(ALUMINIUM)
    roughness: float = rough(0.25)
    anisotropy: float = spread(0.6)
    width_mm: float = size("Width of the scratches.", 0.08)
    length_mm: float = size("Length of the scratches.", 12.0)
    depth_mm: float = depth("Depth of the deepest scratches.", 0.006)
    spread_deg: float = field(
        "Angle between the scratches and the direction, to either side.", 1.5, low=0.0, high=60.0, driven=True
    )
    direction: Vector = field("Direction of the scratches, in the part's axes.", (1.0, 0.0, 0.0))

    def check(self, path: str) -> None:
        check_direction(self, path, "direction")
