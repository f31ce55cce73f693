"""The chess set of S3: squares, and round regions that an elastic deformation moves."""

from __future__ import annotations

import math

import numpy as np

from manifests.distributions import Floats
from manifests.sampling import Table
from manifests.schema import ChessPattern

from .anomalies import Anomaly, Drawing, anomalies

_TRIES = 100


def draw_chess(table: Table, pattern: ChessPattern, frame: int, instance: int) -> Drawing:
    """The board of a frame with the deformed regions of its instance."""
    width, height = table.manifest.camera.image_px
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    ids = np.zeros((height, width), dtype=np.uint16)
    shift_x, shift_y = np.zeros_like(x), np.zeros_like(y)
    drawing = Drawing(np.zeros_like(x), ids)
    taken: list[tuple[float, float, float]] = []
    for number, anomaly in enumerate(anomalies(table.manifest, pattern, instance)):
        radius = anomaly.sizes["diameter_px"] / 2
        place = _place(anomaly, radius, (width, height), taken)
        if place is None:
            drawing.warnings.append(f"instance {instance}: region {number} found no room beside the others")
            continue
        taken.append((*place, radius))
        inside = radius - np.hypot(x - place[0], y - place[1])
        region = inside > 0
        field = deformation(anomaly, inside)
        shift_x[region], shift_y[region] = field[0][region], field[1][region]
        drawing.mark(region, anomaly.record | {"position_px": list(place)})
    side, dark, bright = (table.field(f"pattern.{name}", frame) for name in ("square_px", "dark", "bright"))
    left, top = (table.field(f"pattern.offset_px[{k}]", frame) for k in range(2))
    squares = square_wave(x + shift_x - left, side) * square_wave(y + shift_y - top, side)
    drawing.light = dark + (bright - dark) * (0.5 - 0.5 * squares)
    if pattern.mask == "changed":
        straight = square_wave(x - left, side) * square_wave(y - top, side)
        drawing.ids[np.abs(squares - straight) <= 1] = 0
    return drawing


def square_wave(at: Floats, side: float) -> Floats:
    """Mean of a wave of +1 and -1 by turns, each ``side`` long, over the pixel around each point.

    So squares that begin between two pixels have no steps, as if a board of whole pixels had been interpolated
    linearly, which is how Simard et al. (2003) apply their deformation.
    """

    def integral(x: Floats) -> Floats:
        ramp: Floats = side - np.abs(np.mod(x, 2 * side) - side)
        return ramp

    wave: Floats = integral(at + 0.5) - integral(at - 0.5)
    return wave


def deformation(anomaly: Anomaly, inside: Floats) -> Floats:
    """Displacements of an elastic deformation: uniform noise convolved with a Gaussian kernel (Simard et al., 2003).

    Args:
        anomaly: with ``displacement_px`` and ``smoothing_px``.
        inside: (height, width), distance in pixels to the region's outline, positive inside.

    Returns:
        (2, height, width) displacements to the right and down in pixels.
    """
    deviation = anomaly.sizes["smoothing_px"]
    noise = anomaly.random.uniform(-1.0, 1.0, (2, *inside.shape))
    # Convolved where it is a product; the noise repeats beyond the image, so that the field is as rough at its border.
    down, right = np.fft.fftfreq(inside.shape[0])[:, None], np.fft.rfftfreq(inside.shape[1])
    kernel = np.exp(-2 * (math.pi * deviation) ** 2 * (down**2 + right**2))
    smooth = np.fft.irfft2(np.fft.rfft2(noise) * kernel, inside.shape)
    region = inside > 0
    strength = math.sqrt(float((smooth[:, region] ** 2).sum(axis=0).mean()))
    fade = np.clip(inside / deviation, 0.0, 1.0)
    field: Floats = smooth * (anomaly.sizes["displacement_px"] / strength * fade)
    return field


def _place(
    anomaly: Anomaly, radius: float, size: tuple[int, int], taken: list[tuple[float, float, float]]
) -> tuple[float, float] | None:
    """Centre of a region that lies in the image and on no other; None where none was found."""
    for _ in range(_TRIES):
        x, y = (radius + (side - 2 * radius) * anomaly.random.random() for side in size)
        if all(math.hypot(x - a, y - b) >= radius + other for a, b, other in taken):
            return x, y
    return None
