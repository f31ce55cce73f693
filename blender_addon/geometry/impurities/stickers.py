"""Stickers: sheets that lie on the part, bridge its hollows, and come loose at a corner."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..defects.placement import Place
from ..split import Floats, Ints
from .glyphs import number_ribbons

CORNER = 0.1
"""Radius of the corners over the shorter side."""
_STEPS_MM = (0.15, 0.8)  # least and largest distance between points of the sheet
_INK_MM = 0.006  # height of each layer of ink: rays must tell it from what it lies on, eyes must not
_GLUE_MM = 0.01  # between the part and the sheet, else their faces would coincide
_FILLED = (0.78, 0.62)  # share of the width and of the height that the number may fill

Heights = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Sheet:
    """A sticker as a mesh.

    Attributes:
        vertices_mm: (n, 3).
        triangles: (m, 3), counter-clockwise seen from outside.
        ink: (m,), whether a triangle is of the number.
    """

    vertices_mm: Floats
    triangles: Ints
    ink: NDArray[np.bool_]


def make_sheet(sizes: dict[str, float], number: str, corner: int, place: Place, heights_mm: Heights) -> Sheet:
    """A sticker.

    Args:
        sizes: ``width_mm``, ``height_mm``, ``thickness_mm``, ``curl_mm`` and ``curl_deg``.
        number: what is printed on it.
        corner: which one is loose, 0 to 3.
        place: where it lies; its axis is the direction of the number.
        heights_mm: from (n, 2) points of the tangent plane to (n,) heights of the surface over it.
    """
    width, height, thickness = sizes["width_mm"], sizes["height_mm"], sizes["thickness_mm"]
    turn = math.radians(sizes["curl_deg"]) if sizes["curl_mm"] > 0 else 0.0
    # So short that the flat pieces of a bent sheet stay below the ink, whose points lie elsewhere on it.
    step = float(np.clip(math.sqrt(4 * _INK_MM * sizes["curl_mm"] / turn), *_STEPS_MM)) if turn else _STEPS_MM[1]
    rim = rounded_rectangle(width, height, step)
    rings = max(2, math.ceil(min(width, height) / 2 / step))
    shares = np.arange(1, rings + 1) / rings
    flat = np.concatenate([np.zeros((1, 2)), (shares[:, None, None] * rim).reshape(-1, 2)])
    bend = _Bend(rim, sizes["curl_mm"], turn, corner)
    across = np.cross(place.normal, place.axis)

    def lifted(flat_mm: Floats, above_mm: Floats | float) -> Floats:
        plane, rise, lean = bend(flat_mm)
        along = plane[:, :1] * place.axis + plane[:, 1:] * across
        off = lean[:, :1] * place.axis + lean[:, 1:2] * across + lean[:, 2:] * place.normal
        up = (heights_mm(plane) + rise)[:, None] * place.normal
        return place.center_mm + along + up + np.broadcast_to(above_mm, len(plane))[:, None] * off

    ink_flat, layers, ink_triangles = number_ribbons(number, _FILLED[1] * height, _FILLED[0] * width)
    top = _disc(len(rim), rings)
    count = len(flat)
    outer = count - len(rim) + np.arange(len(rim))
    after = np.roll(outer, -1)
    sides = [np.stack([outer + count, after + count, outer], 1), np.stack([after + count, after, outer], 1)]
    pieces = [top, top[:, ::-1] + count, *sides, ink_triangles + 2 * count]
    vertices = [
        lifted(flat, thickness),
        lifted(flat, min(_GLUE_MM, thickness / 2)),
        lifted(ink_flat, thickness + _INK_MM * (1 + layers)),
    ]
    triangles = np.concatenate(pieces).astype(np.int32)
    return Sheet(np.concatenate(vertices), triangles, np.arange(len(triangles)) >= len(triangles) - len(ink_triangles))


def rounded_rectangle(width_mm: float, height_mm: float, step_mm: float) -> Floats:
    """(n, 2) points of a sticker's outline, counter-clockwise, a step apart at most."""
    radius = CORNER * min(width_mm, height_mm)
    points: list[Floats] = []
    for k, (x, y) in enumerate(((1, -1), (1, 1), (-1, 1), (-1, -1))):
        turn = np.radians(np.linspace(-90, 0, 7) + 90 * k)
        middle = np.array([x * (width_mm / 2 - radius), y * (height_mm / 2 - radius)])
        points.append(middle + radius * np.column_stack([np.cos(turn), np.sin(turn)]))
    corners = np.concatenate(points)
    line = np.concatenate([corners, corners[:1]])
    far = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    # The corners' own points, and others between them where they are far apart.
    at = np.unique(np.concatenate([far, np.arange(0.0, far[-1], step_mm)]).round(9))[:-1]
    return np.column_stack([np.interp(at, far, line[:, k]) for k in (0, 1)])


@dataclass(frozen=True)
class _Bend:
    """How a loose corner rolls up: about a cylinder, along a fold across the diagonal."""

    rim: Floats
    curl_mm: float
    angle_rad: float
    corner: int

    def __call__(self, flat_mm: Floats) -> tuple[Floats, Floats, Floats]:
        """Of points (n, 2) of the flat sheet: places (n, 2), rises (n,) and normals (n, 3) in the tangent plane."""
        turn = math.radians(45 + 90 * self.corner)
        toward = np.array([math.cos(turn), math.sin(turn)])
        beyond = np.maximum(flat_mm @ toward - ((self.rim @ toward).max() - self.curl_mm), 0.0)
        if not self.angle_rad:
            beyond = np.zeros(len(flat_mm))
        radius = self.curl_mm / max(self.angle_rad, 1e-9)
        angle = beyond / max(radius, 1e-9)
        plane = flat_mm + (radius * np.sin(angle) - beyond)[:, None] * toward
        normals = np.column_stack([-np.sin(angle)[:, None] * toward, np.cos(angle)])
        return plane, radius * (1 - np.cos(angle)), normals


def _disc(around: int, rings: int) -> Ints:
    """Triangles of a centre and rings of points about it, counter-clockwise."""
    here = np.arange(around)
    after = (here + 1) % around
    pieces = [np.stack([np.zeros(around, dtype=int), 1 + here, 1 + after], axis=1)]
    for ring in range(rings - 1):
        inner, outer = 1 + ring * around, 1 + (ring + 1) * around
        pieces.append(np.stack([inner + here, outer + here, outer + after], axis=1))
        pieces.append(np.stack([inner + here, outer + after, inner + after], axis=1))
    return np.concatenate(pieces).astype(np.int32)
