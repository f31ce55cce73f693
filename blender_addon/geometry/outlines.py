"""Distances to flat outlines: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def signed_distance(segments: Floats, points: Floats) -> Floats:
    """Distance of points to a closed outline, negative inside.

    Args:
        segments: (k, 2, 2) start and end of each straight piece, in any order; holes are pieces too.
        points: (n, 2).

    Returns:
        (n,) in the unit of the points.
    """
    nearest = np.full(len(points), np.inf)
    inside = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in segments:
        across, up = x1 - x0, y1 - y0
        share = np.clip(((x - x0) * across + (y - y0) * up) / max(across**2 + up**2, 1e-30), 0.0, 1.0)
        np.minimum(nearest, (x - x0 - share * across) ** 2 + (y - y0 - share * up) ** 2, out=nearest)
        # A ray to the right crosses the outline of what it starts in an odd number of times.
        crosses = (y0 > y) != (y1 > y)
        if up:
            inside ^= crosses & (x < x0 + (y - y0) * (across / up))
    distance: Floats = np.sqrt(nearest)
    return np.where(inside, -distance, distance)
