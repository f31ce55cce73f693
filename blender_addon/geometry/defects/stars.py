"""Forms that are one closed outline around a middle: ellipses, and ellipses that stray from their line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..split import Floats
from .forms import Form

_RIM = 24  # points of an outline that must lie on the surface


def half_axes_mm(diameter_mm: float, elongation: float) -> tuple[float, float]:
    """Half axes of the ellipse that has the area of a circle of that diameter."""
    return diameter_mm / 2 * math.sqrt(elongation), diameter_mm / 2 / math.sqrt(elongation)


class Star(Form):
    """An ellipse whose radius is multiplied by 1 + sum of a_k cos(k angle + p_k), scaled to keep its area.

    Args:
        long_mm, short_mm: half axes, along u and along v.
        waves: k, a_k and p_k of each wave; the a_k sum to less than 1.
        edges: of the mesh along the short axis.
    """

    def __init__(
        self, long_mm: float, short_mm: float, waves: Sequence[tuple[int, float, float]] = (), edges: int = 10
    ) -> None:
        self.long_mm, self.short_mm, self.waves = long_mm, short_mm, tuple(waves)
        self._scale = 1.0
        turn = np.linspace(0, 2 * math.pi, 720, endpoint=False)
        self._scale = 1.0 / math.sqrt(float((self.radius(turn) ** 2).mean()))
        self.reach_mm = max(long_mm, short_mm) * float(self.radius(turn).max())
        self.edge_mm = 2 * min(long_mm, short_mm) / edges
        self.sag_mm = 0.4 * min(long_mm, short_mm)

    def radius(self, angle: Floats) -> Floats:
        """(n,) the outline's radius over the ellipse's at an angle of the ellipse made round."""
        total = np.ones_like(angle)
        for k, share, phase in self.waves:
            total = total + share * np.cos(k * angle + phase)
        return self._scale * total

    def relative(self, uv_mm: Floats) -> Floats:
        """(n,) relative radius: 0 in the middle, 1 on the outline."""
        x, y = uv_mm[:, 0] / self.long_mm, uv_mm[:, 1] / self.short_mm
        return np.hypot(x, y) / self.radius(np.arctan2(y, x)) if self.waves else np.hypot(x, y)

    def levels(self, uv_mm: Floats) -> Floats:
        relative = self.relative(uv_mm)
        step = 1e-4 * min(self.long_mm, self.short_mm)
        slope = np.hypot(*((self.relative(uv_mm + step * np.eye(2)[k]) - relative) / step for k in (0, 1)))
        # Its own slope turns the relative radius into millimetres, at least where that matters, near the outline.
        outline: Floats = ((relative - 1.0) / np.maximum(slope, 0.5 / self.reach_mm))[None]
        return outline

    def probes_mm(self) -> Floats:
        turn = np.linspace(0, 2 * math.pi, _RIM, endpoint=False)
        around = 1.15 * self.radius(turn)[:, None]
        rim = np.column_stack([np.cos(turn) * self.long_mm, np.sin(turn) * self.short_mm]) * around
        return np.concatenate([rim, 0.5 * rim, np.zeros((1, 2))])


def ragged(random: np.random.Generator, orders: Sequence[int], strength: float) -> list[tuple[int, float, float]]:
    """Waves of random phase whose shares fall with their order and sum to at most ``strength``."""
    weights = np.array([1.0 / k for k in orders]) * random.uniform(0.5, 1.0, len(orders))
    weights *= strength / sum(1.0 / k for k in orders)
    phases = random.uniform(0, 2 * math.pi, len(orders))
    return [(k, float(a), float(p)) for k, a, p in zip(orders, weights, phases)]
