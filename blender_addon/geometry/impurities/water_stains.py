"""Water stains by algorithm 1 of S4, as the node group of the same name computes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...contract import schema
from .noise import CellHash, Floats32, moved, nearest_centre, perlin


def water_stains(
    points_mm: NDArray[np.floating], stains: schema.WaterStain, draw: float, cell_hash: CellHash
) -> tuple[NDArray[np.bool_], Floats32]:
    """Stains at points of space.

    Args:
        points_mm: (n, 3), in the part's axes.
        stains: their numbers.
        draw: of the instance's texture, which the index of its entry shifts.
        cell_hash: of the Blender that is compared with.

    Returns:
        inside: (n,) whether a point lies in a stain: the mask.
        change: (n,) what is added to the reflectance there, 0 outside.
    """
    points = np.asarray(points_mm, dtype=np.float32)
    noise = perlin(moved(points, stains.frequency_per_mm, draw))
    radius = noise * np.float32(stains.amplitude_mm) + np.float32(stains.radius_mm)
    if stains.center_mm is None:
        cell = np.float32(stains.cell_mm)
        distance = nearest_centre(moved(points / cell, 1.0, draw), cell_hash)[0] * cell
    else:
        distance = np.linalg.norm(points - np.array(stains.center_mm, dtype=np.float32), axis=1)
    inside = distance <= radius
    share = np.divide(distance, radius, out=np.zeros_like(distance), where=inside & (radius > 0))
    change: Floats32 = np.where(inside, share ** np.float32(stains.decay) * np.float32(stains.intensity), np.float32(0))
    return inside, change
