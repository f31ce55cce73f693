"""Batch quality index and its control chart (S1, equation 1.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bins import Floats


@dataclass(frozen=True)
class ControlChart:
    """A Shewhart chart of one number per batch.

    Attributes:
        values: (batches,) in the order of production.
        centre, upper, lower: centre line, and three sigma from it; the lower not below 0.
    """

    values: Floats
    centre: float
    upper: float
    lower: float

    @property
    def out_of_control(self) -> NDArray[np.intp]:
        """Numbers of the batches outside of the limits."""
        return np.flatnonzero((self.values > self.upper) | (self.values < self.lower))


def quality_index(anomaly: Floats) -> Floats:
    """nQI of every picture: how far its anomaly lies above the best of its view, in standard deviations of its view.

    Read as ``(C - min_b C) / sqrt(mean_b (C - mu)^2)`` with minimum, mean and deviation over the batches of one view:
    the document names the sample of all views and batches as n and has an X that is not defined further.

    Args:
        anomaly: (batches, views) sum of a picture's scores where they reach the threshold, S1's C; NaN where a batch
            lacks the view.

    Returns:
        (batches, views), >= 0; 0 where all batches of a view agree, NaN where a batch lacks the view.
    """
    spread = np.nanstd(anomaly, axis=0)
    above = anomaly - np.nanmin(anomaly, axis=0)
    index: Floats = np.divide(above, spread, out=above * 0.0, where=spread > 0)
    return index


def control_chart(index: Floats, in_order: NDArray[np.bool_]) -> ControlChart:
    """Chart of the mean nQI of each batch.

    Sigma is the mean moving range of two over 1.128, as is usual for single values.

    Args:
        index: (batches, views) from :func:`quality_index`.
        in_order: (batches,) which are known to be good, two at least; they set the limits.
    """
    values = np.nanmean(index, axis=1)
    known = values[in_order]
    centre = float(known.mean())
    sigma = float(np.abs(np.diff(known)).mean() / 1.128)
    return ControlChart(values, centre, centre + 3 * sigma, max(0.0, centre - 3 * sigma))
