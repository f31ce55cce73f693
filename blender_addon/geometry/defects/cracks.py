"""Cracks: thin jagged lines with branches, cut steeply into the surface."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats
from .strokes import Line, Stroke, along_headings

_NARROWEST = 0.3  # width at the tips over that in the middle
_FAR_BRANCH = 0.45  # longest branch over the main line


class Fissure(Line):
    """A line with branches whose section is a notch, steep enough to be black in most light."""

    def __init__(self, stroke: Stroke, width_mm: float, depth_mm: float) -> None:
        super().__init__(stroke, width_mm)
        self.depth_mm = depth_mm

    def rise_mm(self, uv_mm: Floats) -> Floats:
        at = self.stroke.nearest(uv_mm)
        wall = np.clip(1.0 - at.away_mm / at.half_mm, 0.0, 1.0)
        return -self.depth_mm * at.weight * wall


def make_crack(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Fissure:
    """A crack of a manifest's sizes: a walk of jagged steps, from whose bends branches run off."""
    length, width = sizes["length_mm"], sizes["width_mm"]
    jag = math.radians(sizes["jaggedness_deg"])
    count = int(np.clip(round(length / (5 * width)), 8, 40))
    main = _walk(random, count, length / count, 0.0, jag)
    ends = np.minimum(np.arange(count + 1), count - np.arange(count + 1)) / count
    lines = [(main, _NARROWEST + (1 - _NARROWEST) * np.clip(ends / 0.35, 0.0, 1.0))]
    for _ in range(round(sizes["branches"])):
        root = int(random.integers(max(1, count // 5), count - count // 5))
        steps = max(2, round(count * random.uniform(0.15, _FAR_BRANCH)))
        aside = random.choice([-1.0, 1.0]) * math.radians(random.uniform(30, 60))
        branch = _walk(random, steps, length / count, aside, 0.7 * jag)
        lines.append((branch - branch[0] + main[root], np.linspace(0.65, _NARROWEST, steps + 1)))
    starts = np.concatenate([p[:-1] for p, _ in lines])
    stops = np.concatenate([p[1:] for p, _ in lines])
    share = np.concatenate([np.column_stack([w[:-1], w[1:]]) for _, w in lines])
    return Fissure(Stroke(starts, stops, width / 2 * share, share), width, sizes["depth_mm"])


def _walk(random: np.random.Generator, count: int, step_mm: float, heading_rad: float, jag_rad: float) -> Floats:
    """(count + 1, 2) points: mostly to and fro from step to step, as grain boundaries lead a crack."""
    turns = random.uniform(0.3, 1.0, count) * np.where(random.random(count) < 0.75, np.arange(count) % 2 * 2 - 1, 1)
    turns *= np.where(random.random(count) < 0.5, 1.0, -1.0).repeat(1)
    return along_headings(heading_rad + jag_rad * (turns - turns.mean()), step_mm)
