"""Forms along lines, measured against segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..split import Floats
from .forms import GROWTH, Form

_CHUNK = 1 << 18
_ALONG = 1 / 6  # longest edge of the mesh before it is cut, over the reach; bends make it shorter where they need it


@dataclass(frozen=True)
class Nearest:
    """What a stroke is at points, (n,) each.

    Attributes:
        away_mm: distance from the line.
        half_mm: half the stroke's width there.
        weight: of the depth, 0 to 1.
    """

    away_mm: Floats
    half_mm: Floats
    weight: Floats


class Stroke:
    """Segments whose width and weight run evenly from end to end.

    Args:
        starts_mm, ends_mm: (k, 2).
        half_mm, weight: (k, 2), at both ends of each.
    """

    def __init__(self, starts_mm: Floats, ends_mm: Floats, half_mm: Floats, weight: Floats) -> None:
        self.starts_mm, self.along = starts_mm, ends_mm - starts_mm
        self.half_mm, self.weight = half_mm, weight
        self._squared = np.maximum((self.along**2).sum(axis=1), 1e-30)
        both = np.concatenate([starts_mm, ends_mm])
        self.reach_mm = float((np.linalg.norm(both, axis=1) + half_mm.T.ravel()).max())

    def nearest(self, uv_mm: Floats) -> Nearest:
        """The stroke at (n, 2) points: of the segment whose rim is nearest."""
        rows = max(1, _CHUNK // len(self.along))
        parts = [self._nearest(uv_mm[i : i + rows]) for i in range(0, max(len(uv_mm), 1), rows)]
        return Nearest(*(np.concatenate(values) for values in zip(*parts)))

    def _nearest(self, uv_mm: Floats) -> tuple[Floats, Floats, Floats]:
        x = uv_mm[:, :1] - self.starts_mm[:, 0]
        y = uv_mm[:, 1:] - self.starts_mm[:, 1]
        share = np.clip((x * self.along[:, 0] + y * self.along[:, 1]) / self._squared, 0.0, 1.0)
        half = self.half_mm[:, 0] + share * (self.half_mm[:, 1] - self.half_mm[:, 0])
        away = np.hypot(x - share * self.along[:, 0], y - share * self.along[:, 1])
        best = np.argmin(away - half, axis=1)
        rows = np.arange(len(uv_mm))
        share, away = share[rows, best], away[rows, best]
        weight = self.weight[best, 0] + share * (self.weight[best, 1] - self.weight[best, 0])
        return away, half[rows, best], weight

    def probes_mm(self) -> Floats:
        """(p, 2) points on the line and a little beyond its rims."""
        normal = np.column_stack([-self.along[:, 1], self.along[:, 0]]) / np.sqrt(self._squared)[:, None]
        both = np.concatenate([self.starts_mm, self.starts_mm + self.along])
        aside = np.tile(normal, (2, 1)) * (1.3 * self.half_mm.T.reshape(-1, 1))
        return np.concatenate([both, both + aside, both - aside])


class Line(Form):
    """A form along a stroke, folded down its middle."""

    is_line = True

    def __init__(self, stroke: Stroke, width_mm: float) -> None:
        self.stroke = stroke
        self.reach_mm = stroke.reach_mm
        self.edge_mm = 0.7 * width_mm
        self.sag_mm = max(0.4 * width_mm, 0.25 * self.reach_mm)

    def shares(self) -> tuple[float, ...]:
        """Of the half width, where the mesh is cut besides at the rims."""
        return ()

    def folds_mm(self) -> tuple[Floats, Floats]:
        return self.stroke.starts_mm, self.stroke.starts_mm + self.stroke.along

    def levels(self, uv_mm: Floats) -> Floats:
        at = self.stroke.nearest(uv_mm)
        return np.stack([at.away_mm - share * at.half_mm for share in (1.0, *self.shares())])

    def wanted_edge_mm(self, uv_mm: Floats, radii_mm: Floats) -> Floats:
        return np.maximum(max(_ALONG * self.reach_mm, self.edge_mm), GROWTH * (self.gap_mm(uv_mm) - radii_mm))

    def probes_mm(self) -> Floats:
        return self.stroke.probes_mm()


def along_headings(headings_rad: Floats, step_mm: float) -> Floats:
    """(n + 1, 2) points of a line of equal steps, moved so that its middle lies at the origin."""
    steps = step_mm * np.column_stack([np.cos(headings_rad), np.sin(headings_rad)])
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    middle: Floats = points - points[len(points) // 2]
    return middle
