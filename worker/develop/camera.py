"""The camera: from the linear light of a frame to the pixels of its image, outside Blender."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.encoding import encode
from manifests.sampling import Table, generator
from manifests.schema import Manifest, Noise, Output

from .regions import window

_REC_709 = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def camera_image(
    light: NDArray[np.float32],
    manifest: Manifest,
    table: Table,
    frame: int,
    background: NDArray[np.float32] | None = None,
) -> NDArray[Any]:
    """What the camera makes of the light.

    Args:
        light: (height, width, 4) linear, alpha premultiplied.
        manifest, table, frame: for the output's settings and draws.
        background: (height, width, 3) linear, as the sensor sees it, laid behind the part; None: the output's own.

    Returns:
        (height, width[, channels]) uint8 or uint16: grey, RGB, or either with straight alpha.
    """
    output = manifest.output
    opaque = output.flatten or background is not None
    # Where nothing is behind the part, there is nothing to be seen outside the box that holds it.
    box = np.s_[:, :] if opaque else window(light[..., 3] > 0)
    seen = light[box]
    color = expose(seen, manifest, table, frame, None if background is None else background[box])
    if output.noise is not None:
        # Drawn from the image's first row on, so that a pixel's noise does not depend on what the part covers.
        rows = light[: box[0].stop].shape[0]
        draws = generator(manifest.seed, "@noise", frame)
        normal = draws.standard_normal((rows, light.shape[1], color.shape[2]), dtype=np.float32)
        color = _sensor_noise(color, output.noise, normal[box])
    values = encode(color, output)
    if not output.flatten:
        alpha = seen[..., 3:]
        if background is None:
            values = np.where(alpha > 0, values, np.float32(0))
        values = np.concatenate([values, np.clip(alpha, 0, 1)], axis=-1)
    pixels: NDArray[Any] = np.zeros(
        (*light.shape[:2], values.shape[2]), dtype=np.uint16 if output.bit_depth == 16 else np.uint8
    )
    pixels[box] = np.rint(values * white_level(output))
    return pixels


def expose(
    light: NDArray[np.float32],
    manifest: Manifest,
    table: Table,
    frame: int,
    background: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Light on the sensor, (height, width, 1 or 3), 1 is white: exposed, on its background, without noise.

    The arguments are those of :func:`camera_image`. Where the image keeps its alpha and has no background, it is the
    light of the part alone, as if it filled its pixels.
    """
    output = manifest.output
    alpha = light[..., 3:]
    color = light[..., :3] * np.float32(2.0 ** table.field("output.exposure_stops", frame))
    if background is not None:
        color = color + (1 - alpha) * background
    elif output.flatten:
        color = color + (1 - alpha) * np.array(output.background, dtype=np.float32)
    else:
        color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    return color @ _REC_709[:, None] if output.greyscale else color


def white_level(output: Output) -> int:
    """Pixel value of white."""
    return int(2**output.bit_depth - 1)


def noise_deviation(color: NDArray[np.float32], noise: Noise) -> NDArray[np.float32]:
    """Standard deviation of the sensor's noise on exposed light, of its shape and in its unit."""
    well = np.float32(noise.full_well_e)
    deviation: NDArray[np.float32] = _deviation_e(np.maximum(color, 0) * well, noise) / well
    return deviation


def _sensor_noise(color: NDArray[np.float32], noise: Noise, normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shot noise and read noise of a sensor, whose white is a full well, from normal draws of the same shape."""
    well = np.float32(noise.full_well_e)
    electrons = np.maximum(color, 0) * well
    noisy: NDArray[np.float32] = (electrons + _deviation_e(electrons, noise) * normal) / well
    return noisy


def _deviation_e(electrons: NDArray[np.float32], noise: Noise) -> NDArray[np.float32]:
    deviation: NDArray[np.float32] = np.sqrt(electrons + np.float32(noise.read_noise_e**2))
    return deviation
