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


Views: TypeAlias = Poses | Ring
