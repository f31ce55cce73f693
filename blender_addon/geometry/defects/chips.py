"""Chips: hollow bites out of a sharp edge."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .stars import Star, ragged


class Bite(Star):
    """What is gone from an edge that runs along u, whose faces fall away to both sides by ``slope`` (tangent).

    The floor is a quadric through the rim: flat from face to face in the middle, hollowed by ``depth_mm`` below that.
    With q the relative radius and h = slope b + depth, the surface lies at -slope |v|, the floor at
    -slope |v_rim| q2 - h (1 - q2).
    """

    facing = 0.2

    def __init__(
        self,
        length_mm: float,
        half_mm: float,
        depth_mm: float,
        slope: float,
        waves: list[tuple[int, float, float]],
        ripples: Floats,
    ) -> None:
        super().__init__(length_mm / 2, half_mm, waves, edges=5)
        self.depth_mm, self.slope, self.ripples = depth_mm, slope, ripples
        self.sag_mm = 1.3 * slope * half_mm + 0.1 * half_mm

    def rise_mm(self, uv_mm: Floats) -> Floats:
        q = np.clip(self.relative(uv_mm), 1e-9, 1.0)
        away = np.abs(uv_mm[:, 1])
        hollow = self.slope * self.short_mm + self.depth_mm * (1.0 + self._ripple(uv_mm))
        floor = -self.slope * away * q - hollow * (1.0 - q**2)
        return np.minimum(floor + self.slope * away, 0.0)

    def _ripple(self, uv_mm: Floats) -> Floats:
        """Facets of the broken floor: a few plane waves whose crests are sharp."""
        total = np.zeros(len(uv_mm))
        for along, across, phase, strength in self.ripples:
            wave = along * uv_mm[:, 0] / self.long_mm + across * uv_mm[:, 1] / self.short_mm + phase
            total += strength * (np.abs(wave % 2.0 - 1.0) - 0.5)
        return total


def make_chip(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Bite:
    """A chip of a manifest's sizes on an edge of that slope."""
    jagged = sizes["jaggedness"]
    half_mm = sizes["width_mm"] / math.hypot(1.0, slope)  # its width is measured on the face, which falls away
    waves = ragged(random, (3, 5, 7, 11), 0.3 * jagged)
    ripples = np.column_stack(
        [random.uniform(-2.5, 2.5, (4, 2)), random.uniform(0, 2, 4), jagged * random.uniform(0.2, 0.6, 4)]
    )
    return Bite(sizes["length_mm"], half_mm, sizes["depth_mm"], slope, waves, ripples)
