"""Slopes and curvature of a surface from its normals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEEPEST = 0.05  # least cosine to the camera's axis: at slopes above 20 a gradient says nothing any more


def gradients(normal: Floats, valid: NDArray[np.bool_]) -> Floats:
    """(h, w, 2) slopes p and q: how far the surface comes towards the camera per way to the right, and per way up.

    Args:
        normal: (h, w, 3) unit vectors along the camera's right, up and back.
        valid: (h, w), where they are known; elsewhere, and where the surface is seen edge-on, the slopes are 0.
    """
    faces = valid & (normal[..., 2] > _STEEPEST)
    slope: Floats = np.where(faces[..., None], -normal[..., :2] / np.where(faces, normal[..., 2], 1.0)[..., None], 0.0)
    return slope


def curvature(normal: Floats, valid: NDArray[np.bool_], pitch_mm: Floats | float) -> Floats:
    """(h, w) mean curvature in 1/mm: 1/R on a ball of radius R, negative in a hollow.

    It is half the divergence of the normal, which holds on every surface that is a height over the image.

    Args:
        normal: (h, w, 3) unit vectors along the camera's right, up and back.
        valid: (h, w), where they are known. Differences are taken between valid neighbours; where there is none to
            either side, the curvature is 0.
        pitch_mm: width of a pixel on the surface, one for all or (h, w).
    """
    turn = _slope(normal[..., 0], valid, axis=1) - _slope(normal[..., 1], valid, axis=0)
    return np.where(valid, 0.5 * turn / pitch_mm, 0.0)


def _slope(values: Floats, valid: NDArray[np.bool_], axis: int) -> Floats:
    """Change per pixel, central where both neighbours are valid, else one-sided, else 0."""
    values, valid = np.moveaxis(values, axis, 0), np.moveaxis(valid, axis, 0)
    ahead, there = np.zeros_like(values), np.zeros_like(valid)
    ahead[:-1] = values[1:] - values[:-1]
    there[:-1] = valid[1:] & valid[:-1]
    behind, here = np.zeros_like(values), np.zeros_like(valid)
    behind[1:], here[1:] = ahead[:-1], there[:-1]
    count = there.astype(np.float64) + here
    total = np.where(there, ahead, 0.0) + np.where(here, behind, 0.0)
    return np.moveaxis(np.divide(total, count, out=np.zeros_like(total), where=count > 0), 0, axis)
