"""View plans: where the camera stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from ..errors import ManifestError
from ..fields import field, join
from .vectors import FAR_MM, Vector


@dataclass(frozen=True)
class Pose:
    """A camera that stands at one point and looks at another."""

    location_mm: Vector = field("Where the camera stands.", low=-FAR_MM, high=FAR_MM)
    target_mm: Vector = field("What it looks at.", (0.0, 0.0, 0.0), low=-FAR_MM, high=FAR_MM)
    roll_deg: float = field("Turn about the line of sight; 0 keeps z up.", 0.0)

    def check(self, path: str) -> None:
        if math.dist(self.location_mm, self.target_mm) < 1e-6:
            raise ManifestError(join(path, "target_mm"), "must not be where the camera stands")


@dataclass(frozen=True)
class Poses:
    """Views at given poses."""

    KIND: ClassVar[str] = "poses"
    poses: tuple[Pose, ...] = field("One view each.")

    @property
    def count(self) -> int:
        return len(self.poses)

    def check(self, path: str) -> None:
        if not self.poses:
            raise ManifestError(join(path, "poses"), "must have at least one item")


@dataclass(frozen=True)
class Ring:
    """Views on a circle around the vertical through the target."""

    KIND: ClassVar[str] = "ring"
    count: int = field("Number of views.", 1, low=1)
    start_deg: float = field("Azimuth of the first view; 0 looks along +y, 90 along -x.", 0.0)
    span_deg: float = field(
        "Angle from the first view to the last; 360: a full circle, evenly divided.", 360.0, low=-360.0, high=360.0
    )
    elevation_deg: float = field("Height of the views above the horizon.", 0.0, low=-90.0, high=90.0)
    distance_mm: float | None = field(
        "Distance from the target; nothing: as near as the whole bounding sphere stays in the image.",
        None,
        low=1e-3,
        high=FAR_MM,
    )
    target_mm: Vector | None = field(
        "What the views look at; nothing: the centre of the bounding sphere.", None, low=-FAR_MM, high=FAR_MM
    )


@dataclass(frozen=True)
class Hemisphere:
    """Views on rings one above the other, about as far apart along a ring as from ring to ring."""

    KIND: ClassVar[str] = "hemisphere"
    count: int = field("Number of views on all rings together.", 16, low=1)
    start_deg: float = field("Azimuth of the first view of each ring.", 0.0)
    low_deg: float = field("Elevation of the lowest ring.", 0.0, low=-90.0, high=90.0)
    high_deg: float = field("Elevation of the highest ring; at 90 it is a single view.", 90.0, low=-90.0, high=90.0)
    distance_mm: float | None = field(
        "Distance from the target; nothing: as near as the whole bounding sphere stays in the image.",
        None,
        low=1e-3,
        high=FAR_MM,
    )
    target_mm: Vector | None = field(
        "What the views look at; nothing: the centre of the bounding sphere.", None, low=-FAR_MM, high=FAR_MM
    )

    def check(self, path: str) -> None:
        _check_elevations(self, path)


@dataclass(frozen=True)
class Fibonacci:
    """Views on a spherical Fibonacci lattice: the same solid angle for each, whatever their number."""

    KIND: ClassVar[str] = "fibonacci"
    count: int = field("Number of views.", 16, low=1)
    start_deg: float = field("Azimuth of the first view, the lowest one.", 0.0)
    low_deg: float = field("Elevation at which the lattice begins.", 0.0, low=-90.0, high=90.0)
    high_deg: float = field("Elevation at which it ends.", 90.0, low=-90.0, high=90.0)
    distance_mm: float | None = field(
        "Distance from the target; nothing: as near as the whole bounding sphere stays in the image.",
        None,
        low=1e-3,
        high=FAR_MM,
    )
    target_mm: Vector | None = field(
        "What the views look at; nothing: the centre of the bounding sphere.", None, low=-FAR_MM, high=FAR_MM
    )

    def check(self, path: str) -> None:
        _check_elevations(self, path)


@dataclass(frozen=True)
class ViewGrid:
    """Views side by side, all in one direction: columns and rows of positions perpendicular to a plane (S4)."""

    KIND: ClassVar[str] = "grid"
    columns: int = field("Positions from left to right.", 4, low=1)
    rows: int = field("Positions from top to bottom; a row is finished before the next one.", 3, low=1)
    azimuth_deg: float = field("Azimuth from which all views look, as on a ring.", 0.0)
    elevation_deg: float = field("Elevation from which all views look; 90: from above.", 90.0, low=-90.0, high=90.0)
    spacing_mm: tuple[float, float] | None = field(
        "Distance from column to column and from row to row; nothing: what `overlap` leaves.",
        None,
        above=0.0,
        high=FAR_MM,
    )
    overlap: float = field(
        "Share of the image that neighbours have in common in the plane through the target, where `spacing_mm` is not "
        "given.",
        0.2, low=0.0, high=0.95,
    )  # fmt: skip
    distance_mm: float | None = field(
        "Distance from the plane through the target; nothing: as near as the images together hold the bounding "
        "sphere's outline, yet outside of it.",
        None, low=1e-3, high=FAR_MM,
    )  # fmt: skip
    target_mm: Vector | None = field(
        "Middle of the grid; nothing: the centre of the bounding sphere.", None, low=-FAR_MM, high=FAR_MM
    )

    @property
    def count(self) -> int:
        return self.columns * self.rows


@dataclass(frozen=True)
class Scanner:
    """Two cameras side by side that travel along a Bezier curve, both looking at one point (S1).

    Views 2 i and 2 i + 1 are the left and the right camera at position i.
    """

    KIND: ClassVar[str] = "scanner"
    curve_mm: tuple[Vector, ...] = field(
        "Control points of the curve that the middle between the cameras follows; four make a cubic.",
        low=-FAR_MM,
        high=FAR_MM,
    )
    steps: int = field("Steps from the curve's beginning to its end, both counted.", 12, low=1)
    every: int = field("Only every so manieth step is a position, from the first on.", 1, low=1)
    baseline_mm: float = field("Distance between the two cameras.", 50.0, above=0.0, high=FAR_MM)
    target_mm: Vector | None = field(
        "What both cameras look at; nothing: the centre of the bounding sphere.", None, low=-FAR_MM, high=FAR_MM
    )

    @property
    def count(self) -> int:
        return 2 * len(range(0, self.steps, self.every))

    def check(self, path: str) -> None:
        if not 2 <= len(self.curve_mm) <= 16:
            raise ManifestError(join(path, "curve_mm"), f"must have 2 to 16 control points, got {len(self.curve_mm)}")
        if self.target_mm in self.curve_mm:
            i = self.curve_mm.index(self.target_mm)
            raise ManifestError(join(path, f"curve_mm[{i}]"), "must not be where the cameras look")


def _check_elevations(views: Hemisphere | Fibonacci, path: str) -> None:
    if views.low_deg > views.high_deg:
        raise ManifestError(join(path, "high_deg"), f"must be >= low_deg {views.low_deg:g}, got {views.high_deg:g}")


Views: TypeAlias = Poses | Ring | Hemisphere | Fibonacci | ViewGrid | Scanner
