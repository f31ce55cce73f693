"""Sensor, lens and focus."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ManifestError
from ..fields import field, join
from .vectors import Vector


@dataclass(frozen=True)
class Camera:
    """Sensor, lens and focus; the default is the camera of S0 (a 1-inch sensor behind a 25 mm lens)."""

    sensor_width_mm: float = field("Width of the whole sensor.", 13.2, low=1e-3, high=10_000.0)
    sensor_px: tuple[int, int] = field(
        "Width and height of the whole sensor in pixels.", (5472, 3648), low=1, high=200_000
    )
    region_px: tuple[int, int, int, int] | None = field(
        "Region of interest on the sensor, [left, top, width, height]; nothing: the largest of the image's shape, "
        "centred.",
        None, low=0,
    )  # fmt: skip
    image_px: tuple[int, int] = field("Width and height of the rendered image.", (576, 576), low=8, high=16384)
    focal_length_mm: float = field("Focal length.", 25.0, above=0.0, driven=True)
    f_number: float = field("Focal length over aperture; 0: a pinhole, everything sharp.", 4.0, low=0.0, driven=True)
    focus_distance_mm: float | None = field(
        "Distance of the plane in focus; nothing: the point of the part's bounding sphere nearest to the camera.",
        None, above=0.0, driven=True,
    )  # fmt: skip
    offset_mm: Vector = field(
        "Shift from the view's pose, along the camera's right, up and back.", (0.0, 0.0, 0.0), driven=True
    )
    tilt_deg: Vector = field(
        "Turn from the view's pose about the camera's right, up and back.", (0.0, 0.0, 0.0), driven=True
    )

    def region(self) -> tuple[int, int, int, int]:
        """Region of interest [left, top, width, height] in sensor pixels."""
        if self.region_px is not None:
            return self.region_px
        scale = min(self.sensor_px[0] / self.image_px[0], self.sensor_px[1] / self.image_px[1])
        width, height = (max(1, round(scale * side)) for side in self.image_px)
        return (self.sensor_px[0] - width) // 2, (self.sensor_px[1] - height) // 2, width, height

    def reach_mm(self) -> float:
        """Distance on the sensor from the camera's axis to the nearest edge of the region; <= 0 where it misses it."""
        left, top, width, height = self.region()
        across, down = self.sensor_px[0] / 2, self.sensor_px[1] / 2
        reach_px = min(across - left, left + width - across, down - top, top + height - down)
        return reach_px * self.sensor_width_mm / self.sensor_px[0]

    def check(self, path: str) -> None:
        left, top, width, height = self.region()
        where = join(path, "region_px")
        if width < 1 or height < 1 or left + width > self.sensor_px[0] or top + height > self.sensor_px[1]:
            raise ManifestError(where, f"must lie on the sensor of {self.sensor_px[0]} x {self.sensor_px[1]} pixels")
        if abs(width * self.image_px[1] - height * self.image_px[0]) > max(*self.region(), *self.image_px):
            shape = f"{self.image_px[0]} x {self.image_px[1]}"
            raise ManifestError(where, f"{width} x {height} has another shape than image_px {shape}")
