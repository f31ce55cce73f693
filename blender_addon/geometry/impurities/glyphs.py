"""Digits as strokes of a pen: own ones, because a font's outlines cannot be bent with the sheet they are printed on."""

from __future__ import annotations

import math

import numpy as np

from ..split import Floats, Ints

WIDTH, ADVANCE, PEN = 0.6, 0.85, 0.13
"""Of a digit of height 1: its width, the distance to the next one, and the width of the pen."""


def _arc(center: tuple[float, float], radii: tuple[float, float], start_deg: float, end_deg: float) -> Floats:
    turn = np.radians(np.linspace(start_deg, end_deg, max(3, round(abs(end_deg - start_deg) / 12) + 1)))
    return np.column_stack([center[0] + radii[0] * np.cos(turn), center[1] + radii[1] * np.sin(turn)])


def _line(*points: tuple[float, float]) -> Floats:
    return np.array(points)


_SIX = (
    _arc((0.3, 0.3), (0.3, 0.3), 0, 360),
    np.concatenate([_arc((0.72, 0.36), (0.72, 0.64), 180, 102)]),
)
_DIGITS: tuple[tuple[Floats, ...], ...] = (
    (_arc((0.3, 0.5), (0.3, 0.5), 0, 360),),
    (_line((0.08, 0.78), (0.34, 1.0)), _line((0.34, 1.0), (0.34, 0.0))),
    (
        np.concatenate([_arc((0.3, 0.71), (0.29, 0.29), 165, -35), [[0.03, 0.0]]]),
        _line((0.03, 0.0), (0.6, 0.0)),
    ),
    (_arc((0.29, 0.745), (0.26, 0.255), 160, -90), _arc((0.29, 0.26), (0.31, 0.26), 90, -160)),
    (_line((0.46, 0.0), (0.46, 1.0)), _line((0.46, 1.0), (0.0, 0.28)), _line((0.0, 0.28), (0.62, 0.28))),
    (
        _line((0.56, 1.0), (0.1, 1.0)),
        _line((0.1, 1.0), (0.06, 0.55)),
        _arc((0.28, 0.31), (0.32, 0.31), 134, -150),
    ),
    _SIX,
    (_line((0.0, 1.0), (0.6, 1.0)), _line((0.6, 1.0), (0.2, 0.0))),
    (_arc((0.3, 0.75), (0.25, 0.25), 0, 360), _arc((0.3, 0.26), (0.3, 0.26), 0, 360)),
    tuple(np.array([0.6, 1.0]) - stroke for stroke in _SIX),
)


def number_ribbons(text: str, height: float, width: float) -> tuple[Floats, Ints, Ints]:
    """A number as flat ribbons about the origin.

    Args:
        text: digits.
        height, width: of the room that it may fill.

    Returns:
        (n, 2) points, whose pieces are short against the height, (n,) the layer of each, for strokes of a digit cross,
        and (m, 3) triangles, counter-clockwise.
    """
    length = ADVANCE * (len(text) - 1) + WIDTH + PEN
    size = min(height / (1.0 + PEN), width / length)
    points: list[Floats] = []
    layers: list[Ints] = []
    triangles: list[Ints] = []
    count = 0
    for place, digit in enumerate(text):
        for layer, stroke in enumerate(_DIGITS[int(digit)]):
            rim = _ribbon(stroke + np.array([place * ADVANCE, 0.0]))
            pairs = np.arange(0, len(rim) - 2, 2)
            triangles += [count + np.stack([pairs, pairs + 2, pairs + 1], axis=1)]
            triangles += [count + np.stack([pairs + 1, pairs + 2, pairs + 3], axis=1)]
            points.append(rim)
            layers.append(np.full(len(rim), layer))
            count += len(rim)
    middle = np.array([(length - PEN) / 2, 0.5])
    return (np.concatenate(points) - middle) * size, np.concatenate(layers), np.concatenate(triangles).astype(np.int32)


def _ribbon(stroke: Floats) -> Floats:
    """(2 k, 2) points to the right and to the left of a stroke, in turn; open ends are round."""
    far = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stroke, axis=0), axis=1))])
    at = np.linspace(0.0, far[-1], max(2, math.ceil(far[-1] / (PEN / 2)) + 1))
    line = np.column_stack([np.interp(at, far, stroke[:, k]) for k in (0, 1)])
    ahead = np.gradient(line, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    half = np.full(len(line), PEN / 2)
    if np.allclose(stroke[0], stroke[-1]):
        ahead[0] = ahead[-1] = (ahead[0] + ahead[-1]) / np.linalg.norm(ahead[0] + ahead[-1])
    else:
        turn = np.radians([90.0, 70.0, 45.0, 20.0])
        caps, thin = np.sin(turn)[:, None] * PEN / 2, np.cos(turn) * PEN / 2
        line = np.concatenate([line[0] - caps * ahead[0], line, line[-1] + caps[::-1] * ahead[-1]])
        half = np.concatenate([thin, half, thin[::-1]])
        ahead = np.concatenate([np.repeat(ahead[:1], 4, axis=0), ahead, np.repeat(ahead[-1:], 4, axis=0)])
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * half[:, None]
    return np.stack([line - left, line + left], axis=1).reshape(-1, 2)
