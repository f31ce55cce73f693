"""Domain shift: how far the features of one set of images lie from those of another (S0, figures 17 and 18).

Everything is fitted on the reference, usually real photographs, and the other sets are projected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .bins import Floats

KEPT_VARIANCE = 0.95
"""Of the reference's variance, kept by the components that the shift is measured in."""


@dataclass(frozen=True)
class Projection:
    """Principal components of a reference.

    Attributes:
        mean: (features,).
        components: (components, features), orthonormal rows, the strongest first; the sign of each makes its largest
            entry positive.
        deviations: (components,) standard deviation of the reference along each, > 0.
    """

    mean: Floats
    components: Floats
    deviations: Floats

    def apply(self, features: Floats) -> Floats:
        """Coordinates in standard deviations of the reference: (n, features) to (n, components)."""
        projected: Floats = (features - self.mean) @ self.components.T / self.deviations
        return projected


@dataclass(frozen=True)
class Shift:
    """How far a set lies from the reference, in units of the reference's standard deviations.

    Attributes:
        distance: Fréchet distance of the two as normal distributions; 0 for the same, and about 1 where all of a set
            lies one standard deviation off.
        of_means: distance of the means, the part that light and exposure change.
        of_spreads: the rest: ``distance**2 = of_means**2 + of_spreads**2``.
    """

    distance: float
    of_means: float
    of_spreads: float


def fit(reference: Floats) -> Projection:
    """Principal components that keep KEPT_VARIANCE, two at least where there are two.

    Args:
        reference: (n, features), n >= 2.

    Raises:
        ValueError: there are fewer than two samples, or all are the same.
    """
    if len(reference) < 2:
        raise ValueError("needs two images at least")
    mean = reference.mean(axis=0)
    _, singular, rows = linalg.svd(reference - mean, full_matrices=False)
    deviations = singular / np.sqrt(len(reference) - 1)
    usable = int((singular > singular[0] * 1e-6).sum()) if singular[0] > 0 else 0
    if not usable:
        raise ValueError("all images have the same features")
    share = np.cumsum(deviations[:usable] ** 2) / (deviations**2).sum()
    kept = min(usable, max(2, int(np.searchsorted(share, KEPT_VARIANCE)) + 1))
    rows = rows[:kept] * np.sign(rows[:kept][np.arange(kept), np.abs(rows[:kept]).argmax(axis=1)])[:, None]
    return Projection(mean, rows, deviations[:kept])


def shift(projection: Projection, features: Floats) -> Shift:
    """How far a set lies from the reference of a projection.

    Args:
        projection: of the reference, so that its coordinates have mean 0 and covariance 1.
        features: (n, features), n >= 2.
    """
    placed = projection.apply(features)
    means = float(linalg.norm(placed.mean(axis=0)))
    variances = linalg.eigvalsh(np.atleast_2d(np.cov(placed, rowvar=False))).clip(0)
    # Against a covariance of 1 the Fréchet distance needs no square root of a matrix product.
    spreads = float(linalg.norm(np.sqrt(variances) - 1))
    return Shift(float(np.hypot(means, spreads)), means, spreads)
