"""Anomaly maps from distances of patches (S4, section IV)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .features import STRIDE_PX

BLUR_SIGMA_PX = 2.0
_BLUR_RADIUS_PX = 8
"""S4's kernel of 16 pixels, with one more in its middle so that nothing is shifted."""


def anomaly_map(distances: Tensor, height: int, width: int, sigma_px: float = BLUR_SIGMA_PX) -> Tensor:
    """The pixels of each patch get its distance, blurred so that no blocks are left.

    Args:
        distances: (..., rows, columns) of the patches' grid, whose corners lie every STRIDE_PX pixels.
        height, width: of the image.
        sigma_px: standard deviation of the blur.

    Returns:
        (..., height, width), >= 0.
    """
    half = STRIDE_PX // 2
    spread = distances.repeat_interleave(STRIDE_PX, -2).repeat_interleave(STRIDE_PX, -1)
    return blur(spread[..., half : half + height, half : half + width], sigma_px)


def blur(image: Tensor, sigma_px: float) -> Tensor:
    """(..., height, width) images blurred by a Gaussian that is cut at 8 pixels; the border is mirrored."""
    offsets = torch.arange(-_BLUR_RADIUS_PX, _BLUR_RADIUS_PX + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    weights /= weights.sum()
    mode = "reflect" if min(image.shape[-2:]) > _BLUR_RADIUS_PX else "replicate"
    padded = F.pad(image.reshape(-1, 1, *image.shape[-2:]), (_BLUR_RADIUS_PX,) * 4, mode=mode)
    rows = F.conv2d(padded, weights[None, None, :, None])
    return F.conv2d(rows, weights[None, None, None, :]).reshape(image.shape)
