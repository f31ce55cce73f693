"""Glue pads: a flat top behind a rim that is rounded like a drop's edge."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .forms import GROWTH
from .stars import Star, half_axes_mm, ragged

_TERRACES = (0.06, 0.25, 0.55, 1.0)  # of the rim, where the mesh is cut so that a few edges make it round
_GUARD = 1.3  # of the rim, where the top is cut so that the shading of the rim ends there
_COARSEST = 0.4  # longest edge before the mesh is cut, over the short half axis


class Pad(Star):
    """A flat pad; its rim is a quarter of an ellipse, ``rim_mm`` wide and ``height_mm`` high."""

    def __init__(self, long_mm: float, short_mm: float, height_mm: float, rim_mm: float, waves: list) -> None:  # type: ignore[type-arg]
        super().__init__(long_mm, short_mm, waves)
        self.height_mm = height_mm
        # No wider than half the pad, in relative radii.
        self.rim = min(rim_mm / short_mm, 0.5)
        self.edge_mm = min(self.edge_mm, 0.6 * self.rim * short_mm, 0.1 * short_mm)

    def levels(self, uv_mm: Floats) -> Floats:
        outline = super().levels(uv_mm)
        relative = self.relative(uv_mm)
        terraces = [(relative - (1.0 - share * self.rim)) * self.short_mm for share in (*_TERRACES, _GUARD)]
        return np.concatenate([outline, terraces])

    def wanted_edge_mm(self, uv_mm: Floats, radii_mm: Floats) -> Floats:
        # Between the cuts all is straight or flat: nothing there needs a fine mesh.
        return np.maximum(_COARSEST * self.short_mm, GROWTH * (self.gap_mm(uv_mm) - radii_mm))

    def rise_mm(self, uv_mm: Floats) -> Floats:
        climbed = np.clip((1.0 - self.relative(uv_mm)) / self.rim, 0.0, 1.0)
        return self.height_mm * np.sqrt(1.0 - (1.0 - climbed) ** 2)


def make_glue_pad(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Pad:
    """A glue pad of a manifest's sizes, its outline drawn."""
    long_mm, short_mm = half_axes_mm(sizes["diameter_mm"], sizes["elongation"])
    waves = ragged(random, (2, 3, 4, 5), 0.35 * sizes["irregularity"])
    return Pad(
        long_mm, short_mm, sizes["height_mm"], sizes["rim_mm"], waves if math.fsum(a for _, a, _ in waves) else []
    )
