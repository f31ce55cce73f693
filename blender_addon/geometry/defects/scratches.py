"""Scratches: curving grooves with ridges of pushed-aside material."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .forms import Form
from .strokes import Stroke, along_headings

_GROOVE = 0.68  # of the half width, where there are ridges
_RUN_OUT = 0.2  # of the length, over which it gets shallow and narrow towards each end
_NARROWEST = 0.4  # width at its ends over that in the middle


class Groove(Form):
    """A groove whose section is a parabola, between two ridges whose sections are sine squared.

    Args:
        stroke: line, width and weight.
        width_mm: in the middle.
        depth_mm: in the middle.
        pile_up: height of the ridges over the depth.
    """

    first_cut, is_line = 1, True

    def __init__(self, stroke: Stroke, width_mm: float, depth_mm: float, pile_up: float) -> None:
        self.stroke, self.depth_mm, self.pile_up = stroke, depth_mm, pile_up
        self.groove = _GROOVE if pile_up > 0 else 1.0
        self.reach_mm = stroke.reach_mm
        self.edge_mm = 0.7 * width_mm
        self.sag_mm = max(0.4 * width_mm, 0.25 * self.reach_mm)

    def levels(self, uv_mm: Floats) -> Floats:
        at = self.stroke.nearest(uv_mm)
        shares = [self.groove, (1.0 + self.groove) / 2] if self.pile_up > 0 else [0.6]
        return np.stack([at.away_mm - at.half_mm, at.side_mm, *(at.away_mm - s * at.half_mm for s in shares)])

    def rise_mm(self, uv_mm: Floats) -> Floats:
        at = self.stroke.nearest(uv_mm)
        x = at.away_mm / at.half_mm
        groove = -np.clip(1.0 - (x / self.groove) ** 2, 0.0, 1.0)
        ridge = np.sin(np.pi * np.clip((x - self.groove) / max(1.0 - self.groove, 1e-9), 0.0, 1.0)) ** 2
        return self.depth_mm * at.weight * (groove + self.pile_up * ridge)

    def edge_at_mm(self, uv_mm: Floats) -> Floats:
        return self.edge_mm * self.stroke.nearest(uv_mm).half_mm / self.stroke.half_mm.max()

    def probes_mm(self) -> Floats:
        return self.stroke.probes_mm()


def make_scratch(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Groove:
    """A scratch of a manifest's sizes: its heading swings by a sine of random phase, so its length is exact."""
    waves = sizes["curving_waves"]
    count = 16 + 2 * math.ceil(10 * waves)
    if sizes["curving_deg"] == 0:
        count = 10
    place = (np.arange(count) + 0.5) / count
    phase = random.uniform(0, 2 * math.pi)
    swing = np.sin(2 * math.pi * waves * place + phase)
    # Without its mean: curving must not turn the scratch as a whole.
    headings = math.radians(sizes["curving_deg"]) * (swing - swing.mean())
    points = along_headings(headings, sizes["length_mm"] / count)
    ends = np.minimum(np.arange(count + 1), count - np.arange(count + 1)) / count
    weight = np.clip(ends / _RUN_OUT, 0.0, 1.0) ** 0.7
    half = sizes["width_mm"] / 2 * (_NARROWEST + (1.0 - _NARROWEST) * weight)
    stroke = Stroke(points[:-1], points[1:], np.column_stack([half[:-1], half[1:]]),
                    np.column_stack([weight[:-1], weight[1:]]))  # fmt: skip
    return Groove(stroke, sizes["width_mm"], sizes["depth_mm"], sizes["pile_up"])
