"""A part in false colours: how finely a plan of views resolves it."""

from __future__ import annotations

import numpy as np

from ...contract import viewpoints
from ..nearest import Floats
from .planner import Reach
from .rays import first_hit
from .seeing import Lens, Limits, resolutions
from .surface import Points, Surface

DIRECTIONS = {
    "front, left, above": (-1.0, -1.3, 0.9),
    "back, right, above": (1.0, 1.3, 0.9),
    "above": (0.0, 0.0, 1.0),
    "below": (0.0, 0.0, -1.0),
}
"""Name of each side and the direction from which it is looked at, orthographically."""
MISSED = (0.87, 0.16, 0.19)
"""Colour of what a view could see and none does."""
UNREACHABLE = (0.42, 0.42, 0.44)
"""Colour of what no view could see."""
EMPTY = (1.0, 1.0, 1.0)
# From too coarse to fine: dark blue, teal, green, yellow; also in grey each is lighter than the last.
_SCALE = np.array([(0.15, 0.20, 0.50), (0.12, 0.48, 0.56), (0.30, 0.73, 0.42), (0.98, 0.90, 0.20)])
_CHUNK = 512


def most_px_per_mm(limit_px_per_mm: float, median_px_per_mm: float) -> float:
    """Upper end of the scale: three times the limit, or what most of the part has where that is more."""
    return max(3 * limit_px_per_mm, 1.5 * median_px_per_mm)


def colours(shares: Floats) -> Floats:
    """(n, 3) colours, 0 to 1, of places on the scale, 0 to 1."""
    at = np.clip(shares, 0, 1) * (len(_SCALE) - 1)
    return np.column_stack([np.interp(at, np.arange(len(_SCALE)), _SCALE[:, channel]) for channel in range(3)])


def look(surface: Surface, direction: tuple[float, float, float], side_px: int) -> tuple[Points, np.ndarray, Floats]:
    """The part as it looks from far away.

    Returns:
        The points of the surface that pixels show; (side, side) bool, which pixels those are, in rows; (n,) how far
        each point faces the eye, 0 to 1.
    """
    right, up, back = viewpoints.look_at(np.array(direction)).T
    center = (surface.low_mm + surface.high_mm) / 2
    radius = float(np.linalg.norm(surface.high_mm - surface.low_mm)) / 2
    corners = surface.corners.reshape(-1, 3) - center
    extent = 1.04 * max(float(np.abs(corners @ right).max()), float(np.abs(corners @ up).max()))
    steps = ((np.arange(side_px) + 0.5) / side_px * 2 - 1) * extent
    y, x = np.meshgrid(-steps, steps, indexing="ij")
    plane = center + x.reshape(-1, 1) * right + y.reshape(-1, 1) * up
    starts, ends = plane + 1.01 * radius * back, plane - 1.01 * radius * back
    at, triangle = first_hit(surface.tree, starts, ends)
    hit = triangle >= 0
    places = starts[hit] + at[hit, None] * (ends - starts)[hit]
    normals = surface.normals[triangle[hit]]
    return Points(places, normals), hit.reshape(side_px, side_px), np.abs(normals @ back)


def paint(
    surface: Surface,
    lens: Lens,
    plan: viewpoints.Viewpoints,
    focus_mm: Floats,
    limits: Limits,
    found: Reach,
    most_px_per_mm: float,
    side_px: int,
) -> dict[str, Floats]:
    """Pictures (side, side, 3), 0 to 1, of the part from each side; the scale goes from the limit to the most."""
    pictures = {}
    for name, direction in DIRECTIONS.items():
        points, shown, facing = look(surface, direction, side_px)
        colour = point_colours(surface, points, lens, plan, focus_mm, limits, found, most_px_per_mm)
        picture = np.tile(np.array(EMPTY), (side_px, side_px, 1))
        picture[shown] = colour * (0.62 + 0.38 * facing)[:, None]
        pictures[name] = picture
    return pictures


def point_colours(
    surface: Surface,
    points: Points,
    lens: Lens,
    plan: viewpoints.Viewpoints,
    focus_mm: Floats,
    limits: Limits,
    found: Reach,
    most_px_per_mm: float,
) -> Floats:
    """(n, 3) colours, 0 to 1, of points of the surface; the scale goes from the limit to the most."""
    best = resolutions(surface, points, lens, plan, focus_mm, limits).max(axis=0)
    span = max(most_px_per_mm - limits.px_per_mm, 1e-9)
    colour = colours((best - limits.px_per_mm) / span)
    missed = np.flatnonzero(best == 0)
    near = _nearest(points.places_mm[missed], points.normals[missed], found.points)
    colour[missed] = np.where(found.reachable[near][:, None], MISSED, UNREACHABLE)
    return colour


def _nearest(places: Floats, normals: Floats, points: Points) -> np.ndarray:
    """(k,) index of the point nearest to each place whose normal is not turned away."""
    best = np.zeros(len(places), dtype=np.int64)
    squares = np.einsum("nd,nd->n", points.places_mm, points.places_mm)
    far = 4 * float(squares.max() + 1)
    for begin in range(0, len(places), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        # Squared distance but for what all points of a row have in common.
        distance = squares - 2 * places[part] @ points.places_mm.T
        distance[normals[part] @ points.normals.T < 0.9] += far
        best[part] = np.argmin(distance, axis=1)
    return best
