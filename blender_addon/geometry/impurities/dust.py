"""Dust, as the node group of the same name computes it: balls at centres of cells, specks where a surface cuts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...contract import schema
from .noise import CellHash, moved, nearest_centre

SMALLEST = 1 / 3
"""Smallest diameter of a ball over the largest; all between are equally likely."""
MEAN = (1 + SMALLEST) / 2


def specks(points_mm: NDArray[np.floating], dust: schema.Dust, draw: float, cell_hash: CellHash) -> NDArray[np.bool_]:
    """(n,) whether points of space lie in a ball, which is the mask where a surface passes through them.

    With cells of side s, a surface meets balls of mean diameter d at a rate of d / s3 for each unit of area.

    Args:
        points_mm: (n, 3), in the part's axes.
        dust: its numbers.
        draw: of the instance's texture, which the index of its entry shifts.
        cell_hash: of the Blender that is compared with.
    """
    cell = np.float32((dust.diameter_mm * MEAN / (dust.density_per_cm2 * 0.01)) ** (1 / 3))
    points = np.asarray(points_mm, dtype=np.float32)
    distance, draws = nearest_centre(moved(points / cell, 1.0, draw), cell_hash)
    size = draws[:, 0] * np.float32(1 - SMALLEST) + np.float32(SMALLEST)
    inside: NDArray[np.bool_] = distance < np.float32(dust.diameter_mm / 2) * size / cell
    return inside
