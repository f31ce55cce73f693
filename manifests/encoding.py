"""Light to pixel values and back, by the view transform of the output."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .schema import Output


def encode(linear: NDArray[np.float32], output: Output) -> NDArray[np.float32]:
    """Light to pixel values, 0 to 1, by the output's view transform; the sRGB curve is that of IEC 61966-2-1."""
    light = np.clip(linear, 0, 1)
    if output.view_transform == "linear":
        return light
    if output.view_transform == "gamma":
        light **= np.float32(1 / output.gamma)
        return light
    curve = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, np.float32(12.92) * light, curve)


def decode(values: NDArray[np.float32], output: Output) -> NDArray[np.float32]:
    """Pixel values, 0 to 1, back to light: the inverse of :func:`encode`."""
    if output.view_transform == "linear":
        return values
    if output.view_transform == "gamma":
        return values ** np.float32(output.gamma)
    curve = ((values + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= 0.04045, values / np.float32(12.92), curve)
