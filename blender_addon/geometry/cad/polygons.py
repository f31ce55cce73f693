"""Turns the polygons that OBJ and PLY may hold into triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fan(corners: NDArray[np.int64], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split each polygon into a fan around its first corner; one of fewer than three corners gives nothing.

    Args:
        corners: (sum of sizes,) vertex indices of all polygons, one after the other.
        sizes: (p,) number of corners of each polygon.

    Returns:
        (m, 3) triangles and (m,) the polygon each came from.
    """
    starts = np.cumsum(sizes) - sizes
    triangles_each = np.maximum(sizes - 2, 0)
    polygon = np.repeat(np.arange(len(sizes)), triangles_each)
    within = np.arange(len(polygon)) - np.repeat(np.cumsum(triangles_each) - triangles_each, triangles_each)
    first = starts[polygon]
    return np.stack([corners[first], corners[first + within + 1], corners[first + within + 2]], axis=1), polygon
