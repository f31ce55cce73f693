"""Anomaly scores as bins, so that any number of pixels fits into one histogram.

The leading bits of a float32 are its exponent and the first digits of its mantissa, and for numbers >= 0 they sort as
the numbers do. Cut after 12 bits of mantissa, they are bins of a relative width of 1/4096 to 1/8192, whatever the range
of the scores, which nobody knows before the last image. A threshold is always the lower edge of a bin, and float32
holds it exactly: what the histogram counts at a threshold is what ``score >= threshold`` counts, to the pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MANTISSA_BITS, _ALL_MANTISSA_BITS, _EXPONENT_BIAS = 12, 23, 127
_LOWEST, _HIGHEST = -24, 16  # exponents to base 2; below and above, all fall into the first or the last bin
_FIRST = (_EXPONENT_BIAS + _LOWEST) << _MANTISSA_BITS

COUNT = (_HIGHEST - _LOWEST) << _MANTISSA_BITS
"""Number of bins."""
COARSE_SHIFT = 6
COARSE_COUNT = COUNT >> COARSE_SHIFT
"""Number of coarse bins, each of 64 bins and so 1/64 to 1/128 wide, for sweeps of which one is kept for many images."""

Floats = NDArray[np.float64]
Counts = NDArray[Any]


def of(scores: NDArray[np.float32]) -> NDArray[np.int32]:
    """Bin of each score; any shape.

    Args:
        scores: >= 0; those below 6e-8 share the first bin, those from 65536 the last.

    Raises:
        ValueError: a score is negative or no number.
    """
    if not (scores.size == 0 or (scores.min() >= 0 and np.isfinite(scores.max()))):
        raise ValueError("scores must be numbers >= 0")
    bits = np.ascontiguousarray(scores, dtype=np.float32).view(np.int32) >> (_ALL_MANTISSA_BITS - _MANTISSA_BITS)
    bins: NDArray[np.int32] = np.clip(bits - _FIRST, 0, COUNT - 1)
    return bins


def edges() -> NDArray[np.float32]:
    """Lower edges of the bins, (COUNT,), ascending; the first is 0."""
    lower = ((np.arange(COUNT, dtype=np.int32) + _FIRST) << (_ALL_MANTISSA_BITS - _MANTISSA_BITS)).view(np.float32)
    lower[0] = 0.0
    return lower


def coarse_edges() -> NDArray[np.float32]:
    """Lower edges of the coarse bins, (COARSE_COUNT,)."""
    return edges()[:: 1 << COARSE_SHIFT]


def edge_below(score: float) -> float:
    """The lower edge of the bin that a score falls into; arguments and errors as of :func:`of`."""
    return float(edges()[of(np.array([score], np.float32))[0]])


def at_least(histogram: Counts) -> Counts:
    """How much of a histogram lies in each bin or above it: at index i what ``score >= edges()[i]`` selects."""
    reached: Counts = np.cumsum(histogram[..., ::-1], axis=-1)[..., ::-1]
    return reached
