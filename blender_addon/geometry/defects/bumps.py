"""Bumps: dents turned outwards."""

from __future__ import annotations

import numpy as np

from .dents import Bowl


def make_bump(sizes: dict[str, float], random: np.random.Generator, slope: float) -> Bowl:
    """A bump of a manifest's sizes."""
    return Bowl(sizes["diameter_mm"], -sizes["height_mm"], sizes["elongation"])
