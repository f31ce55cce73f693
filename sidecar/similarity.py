"""Structural similarity, as a loss and as an error map (Wang et al. 2004; S0 section 4.3)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from skimage.metrics import structural_similarity as _skimage_similarity
from torch import Tensor

from manifests.errors import RunError

Floats: TypeAlias = npt.NDArray[np.float32]

_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03


def similarity(x: Tensor, y: Tensor) -> Tensor:
    """Mean structural similarity of each image pair, (N,), of two (N, C, H, W) in 0..1 with H and W at least 11.

    Gaussian window of 11 x 11 with sigma 1.5, k1 0.01, k2 0.03, without padding, population covariance: S0's loss.
    """
    channels = x.shape[1]
    window = _window(channels, x.device, x.dtype)

    def blurred(image: Tensor) -> Tensor:
        rows = torch.nn.functional.conv2d(image, window, groups=channels)
        return torch.nn.functional.conv2d(rows, window.transpose(2, 3), groups=channels)

    mean_x, mean_y = blurred(x), blurred(y)
    variance_x, variance_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def _window(channels: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    offsets = torch.arange(_WINDOW, device=device, dtype=dtype) - _WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * _SIGMA**2))
    return (weights / weights.sum()).expand(channels, 1, 1, _WINDOW)


def dissimilarity_map(image: Floats, reconstruction: Floats, sigma: float) -> Floats:
    """1 - SSIM at every pixel, in 0..2: S0's error map.

    Args:
        image, reconstruction: (H, W, C) in 0..1.
        sigma: standard deviation of the Gaussian window, px. More is smoother: easier to threshold, less sharp.

    Returns:
        (H, W), the mean over the channels.

    Raises:
        RunError: the picture is smaller than the window.
    """
    window = 2 * int(3.5 * sigma + 0.5) + 1  # As scikit-image has it.
    if min(image.shape[:2]) < window:
        size = f"{image.shape[1]} x {image.shape[0]} px"
        raise RunError(f"prediction.error_map.sigma: its window of {window} px does not fit into a picture of {size}")
    _, full = _skimage_similarity(  # type: ignore[no-untyped-call]
        image, reconstruction, data_range=1.0, gaussian_weights=True, sigma=sigma, channel_axis=2, full=True
    )
    # Rounding takes equal areas a little above 1.
    errors: Floats = (1 - full.mean(axis=2)).clip(min=0).astype(np.float32)
    return errors
