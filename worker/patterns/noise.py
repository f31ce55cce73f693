"""The noise set of S3: Gaussian intensities, and noisy straight lines on top of them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from manifests.distributions import Floats
from manifests.sampling import Table, generator
from manifests.schema import NoisePattern

from .anomalies import Anomaly, Drawing, anomalies


def draw_noise(table: Table, pattern: NoisePattern, frame: int, instance: int) -> Drawing:
    """The noise of a frame's instance, and its lines."""
    manifest = table.manifest
    width, height = manifest.camera.image_px
    normal = generator(manifest.seed, "pattern.noise", instance).standard_normal((height, width))
    light = table.field("pattern.mean", frame) + table.field("pattern.deviation", frame) * normal
    drawing = Drawing(light, np.zeros((height, width), dtype=np.uint16))
    for anomaly in anomalies(manifest, pattern, instance):
        points = line(anomaly, (width, height))
        covered = near(points, anomaly.sizes["width_px"] / 2, (height, width))
        drawing.light[covered] = anomaly.sizes["intensity"]
        drawing.mark(covered, anomaly.record | {"position_px": points.mean(axis=0).tolist()})
    return drawing


def line(anomaly: Anomaly, size: tuple[int, int]) -> Floats:
    """Points of a noisy linear function that lies in the image but for its noise.

    Returns:
        (n, 2) x and y in pixels, n at least 2.
    """
    sizes, random = anomaly.sizes, anomaly.random
    angle = math.radians(sizes["angle_deg"])
    along, across = np.array([math.cos(angle), -math.sin(angle)]), np.array([math.sin(angle), math.cos(angle)])
    reach = np.abs(along) * sizes["length_px"] / 2
    middle = reach + (np.array(size) - 2 * reach) * random.random(2)
    at = np.linspace(-0.5, 0.5, 1 + max(1, round(sizes["length_px"] / sizes["step_px"]))) * sizes["length_px"]
    points: Floats = middle + at[:, None] * along + random.normal(0.0, sizes["wobble_px"], at.shape)[:, None] * across
    return points


def near(points: Floats, distance_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre is at most so far from the line through points."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    found = np.zeros(shape, dtype=bool)
    for (x0, y0), (x1, y1) in pairwise(points):
        rise = (x1 - x0, y1 - y0)
        share = ((x - x0) * rise[0] + (y - y0) * rise[1]) / max(rise[0] ** 2 + rise[1] ** 2, 1e-12)
        share = np.clip(share, 0.0, 1.0)
        found |= np.hypot(x - x0 - share * rise[0], y - y0 - share * rise[1]) <= distance_px
    return found
