"""Pores: steep holes, alone or several that make one defect."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .forms import Form

_TERRACES = (0.97, 0.85, 0.55)  # of the radius, where the mesh is cut so that few edges make a steep wall
_SMALLEST = 0.5  # radius of a cluster's smallest hole over that of its largest


class Holes(Form):
    """Ellipsoidal holes, upright at their rims.

    Args:
        middles_mm: (k, 2).
        radii_mm: (k,).
        depth_mm: of the largest; the others are as deep for their radius.
    """

    def __init__(self, middles_mm: Floats, radii_mm: Floats, depth_mm: float) -> None:
        self.middles_mm, self.radii_mm, self.depth_mm = middles_mm, radii_mm, depth_mm
        self.reach_mm = float((np.linalg.norm(middles_mm, axis=1) + radii_mm).max())
        self.edge_mm = 0.25 * float(radii_mm.min())
        self.sag_mm = 0.4 * float(radii_mm.max())

    def _nearest(self, uv_mm: Floats) -> tuple[Floats, Floats]:
        """(n,) distance from the middle of the hole whose rim is nearest, and (n,) its radius."""
        away = np.linalg.norm(uv_mm[:, None] - self.middles_mm, axis=2)
        hole = np.argmin(away - self.radii_mm, axis=1)
        return away[np.arange(len(uv_mm)), hole], self.radii_mm[hole]

    def levels(self, uv_mm: Floats) -> Floats:
        away, radius = self._nearest(uv_mm)
        return np.stack([away - radius, *(away - share * radius for share in _TERRACES)])

    def rise_mm(self, uv_mm: Floats) -> Floats:
        away, radius = self._nearest(uv_mm)
        depth = self.depth_mm * radius / self.radii_mm.max()
        return -depth * np.sqrt(np.clip(1.0 - (away / radius) ** 2, 0.0, 1.0))

    def probes_mm(self) -> Floats:
        turn = np.linspace(0, 2 * math.pi, 12, endpoint=False)
        circle = np.column_stack([np.cos(turn), np.sin(turn)])
        rims = self.middles_mm[:, None] + 1.15 * self.radii_mm[:, None, None] * circle
        return np.concatenate([rims.reshape(-1, 2), self.middles_mm])


def make_pore(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Holes:
    """A pore, or a cluster whose holes do not run into one another as long as there is room for them."""
    radius = sizes["diameter_mm"] / 2
    middles, radii = [np.zeros(2)], [radius]
    for _ in range(round(sizes["holes"]) - 1):
        for _ in range(60):
            size = radius * random.uniform(_SMALLEST, 1.0)
            turn, out = random.uniform(0, 2 * math.pi), sizes["spread_mm"] / 2 * math.sqrt(random.random())
            place = out * np.array([math.cos(turn), math.sin(turn)])
            if all(np.linalg.norm(place - m) > 1.15 * (size + r) for m, r in zip(middles, radii)):
                middles.append(place)
                radii.append(size)
                break
    return Holes(np.array(middles), np.array(radii), sizes["depth_mm"])
