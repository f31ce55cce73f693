"""Scratches: curving grooves with ridges of pushed-aside material."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .strokes import Line, Stroke, along_headings

_GROOVE = 0.68  # of the half width, where there are ridges
_LEAST_STEPS, _WAVE_STEPS, _STEP_TURN_DEG = 12, 8, 6.0  # in all, in a wave, and what the line may turn at each
_GUARD = 1.4  # of the half width, where the mesh is cut outside
_RUN_OUT = 0.2  # of the length, over which it gets shallow and narrow towards each end
_NARROWEST = 0.4  # width at its ends over that in the middle


class Groove(Line):
    """A groove whose section is a parabola, between two ridges whose sections are sine squared.

    Args:
        stroke: line, width and weight.
        width_mm: in the middle.
        depth_mm: in the middle.
        pile_up: height of the ridges over the depth.
    """

    def __init__(self, stroke: Stroke, width_mm: float, depth_mm: float, pile_up: float) -> None:
        super().__init__(stroke, width_mm)
        self.depth_mm, self.pile_up = depth_mm, pile_up
        self.groove = _GROOVE if pile_up > 0 else 1.0
        self.guard_mm = (_GUARD - 1.0) * width_mm / 2

    def shares(self) -> tuple[float, ...]:
        # From the bed straight up to a ridge: that passes the level of the surface where the groove ends.
        return ((1.0 + self.groove) / 2, _GUARD) if self.pile_up > 0 else (0.6, _GUARD)

    def rise_mm(self, uv_mm: Floats) -> Floats:
        at = self.stroke.nearest(uv_mm)
        x = at.away_mm / at.half_mm
        groove = -np.clip(1.0 - (x / self.groove) ** 2, 0.0, 1.0)
        ridge = np.sin(np.pi * np.clip((x - self.groove) / max(1.0 - self.groove, 1e-9), 0.0, 1.0)) ** 2
        return self.depth_mm * at.weight * (groove + self.pile_up * ridge)


def make_scratch(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Groove:
    """A scratch of a manifest's sizes: its heading swings by a sine of random phase, so its length is exact."""
    waves = sizes["curving_waves"]
    turns = 2 * math.pi * sizes["curving_deg"] * waves
    count = math.ceil(max(_LEAST_STEPS, turns / _STEP_TURN_DEG, _WAVE_STEPS * waves if turns else 0.0))
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
