"""Photometric stereo: the normals of a surface from images under several lights, by least squares.

Source: Woodham, "Photometric method for determining surface orientation from multiple images" (1980): on a matt surface
the light of a pixel is albedo times the normal's product with the light's vector, which is linear in their product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST_SPREAD = 1e-3  # smallest over largest eigenvalue of the normal equations that still tell a normal


def normals(light: Floats, lamps: Floats, usable: NDArray[np.bool_]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Normals and albedo.

    Args:
        light: (s, h, w) of each state, linear.
        lamps: (s, h, w, 3) or (s, 1, 1, 3), of each state the vector towards its lamp, as long as the light is that a
            white matt surface facing it would send.
        usable: (s, h, w), which of them count: neither white nor in shadow.

    Returns:
        normal: (h, w, 3) unit vectors in the axes of ``lamps``, 0 where there is none.
        albedo: (h, w), 0 where there is none.
        solved: (h, w), where at least three lights from different sides tell the normal.
    """
    weight = usable.astype(np.float64)
    lamps = np.broadcast_to(lamps, (*light.shape, 3))
    square = np.einsum("shw,shwi,shwj->hwij", weight, lamps, lamps)
    mixed = np.einsum("shw,shwi,shw->hwi", weight, lamps, light)
    spread = np.linalg.eigvalsh(square)
    solved = (usable.sum(axis=0) >= 3) & (spread[..., 0] > _LEAST_SPREAD * np.maximum(spread[..., 2], 1e-300))
    square[~solved], mixed[~solved] = np.eye(3), 0.0
    product = np.linalg.solve(square, mixed[..., None])[..., 0]
    albedo = np.linalg.norm(product, axis=-1)
    normal = np.divide(product, albedo[..., None], out=np.zeros_like(product), where=albedo[..., None] > 0)
    return normal, albedo, solved & (albedo > 0)
