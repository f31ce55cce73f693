"""Dents: bowls, deepest in the middle, level with the surface, and level in slope, at the outline."""

from __future__ import annotations

import numpy as np

from ..split import Floats
from .stars import Star, half_axes_mm


class Bowl(Star):
    """An elliptic bowl of depth (1 - r2)2; a negative depth makes a dome."""

    def __init__(self, diameter_mm: float, depth_mm: float, elongation: float) -> None:
        super().__init__(*half_axes_mm(diameter_mm, elongation))
        self.depth_mm = depth_mm

    def rise_mm(self, uv_mm: Floats) -> Floats:
        return -self.depth_mm * np.clip(1.0 - self.relative(uv_mm) ** 2, 0.0, 1.0) ** 2


def make_dent(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Bowl:
    """A dent of a manifest's sizes."""
    return Bowl(sizes["diameter_mm"], sizes["depth_mm"], sizes["elongation"])
