"""Outlines of masks: polygons, exact to the pixel, with nothing but numpy.

OpenCV and scikit-image do this too, for 35 to 60 MB more to install; what exports need of them is this module. A pixel
(row, column) covers the square from (column, row) to (column + 1, row + 1) in pixels, x to the right, y down.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Polygon = NDArray[np.float64]

INSET_PX = 0.02
"""How far outlines lie inside the edges of their pixels. Readers of polygons cut coordinates down to whole pixels and
fill up to and including the outline: so each vertex must lie in a pixel of the mask, not on its far edge."""

_RIGHT, _DOWN, _LEFT, _UP = range(4)
_STEP = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])


def polygon(mask: Mask) -> Polygon:
    """One polygon around all of a mask, (n, 2) x and y in pixels; empty for an empty mask.

    Holes and further pieces are joined to it by seams, back and forth along one line, as most tools know one polygon
    an object. A seam to a piece is filled one pixel wide by tools that draw outlines; one to a hole costs nothing.
    """
    rings = sorted(outlines(mask), key=len, reverse=True)
    if not rings:
        return np.zeros((0, 2))
    whole = rings[0]
    for ring in rings[1:]:
        k, j = _nearest(whole, ring)
        whole = np.concatenate([whole[: k + 1], np.roll(ring, -j, axis=0), ring[j : j + 1], whole[k:]])
    return whole


def outlines(mask: Mask) -> list[Polygon]:
    """Closed outlines of a mask, each (n, 2) x and y in pixels: pieces clockwise on the screen, holes the other way.

    Pixels that touch by a corner belong to one piece. Only corners are kept.
    """
    leaving = _edges(mask)
    rings = []
    while leaving:
        point = next(iter(leaving))
        heading = leaving[point][0]
        path = []  # (point, heading with which it is left)
        while heading in leaving.get(point, ()):
            leaving[point].remove(heading)
            if not leaving[point]:
                del leaving[point]
            path.append((point, heading))
            point = point[0] + int(_STEP[heading][0]), point[1] + int(_STEP[heading][1])
            turns = [(heading + turn) % 4 for turn in (3, 0, 1)]  # left first, so that corners join
            heading = next((turn for turn in turns if turn in leaving.get(point, ())), heading)
        rings.append(_corners(path))
    return rings


def _edges(mask: Mask) -> dict[tuple[int, int], list[int]]:
    """Point and headings of the pixel edges that leave it between mask and background, the mask to their right."""
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    leaving: dict[tuple[int, int], list[int]] = defaultdict(list)
    for heading, outside, (dx, dy) in (
        (_RIGHT, padded[:-2, 1:-1], (0, 0)),
        (_DOWN, padded[1:-1, 2:], (1, 0)),
        (_LEFT, padded[2:, 1:-1], (1, 1)),
        (_UP, padded[1:-1, :-2], (0, 1)),
    ):
        rows, columns = np.nonzero(inside & ~outside)
        for point in zip((columns + dx).tolist(), (rows + dy).tolist()):
            leaving[point].append(heading)
    return dict(leaving)


def _corners(path: list[tuple[tuple[int, int], int]]) -> Polygon:
    """Corners of a closed path, moved into the pixels to its right."""
    corners = []
    for (_, arriving), (point, going) in pairwise([path[-1], *path]):
        inward, onward = _STEP[(arriving + 1) % 4], _STEP[(going + 1) % 4]
        if (going - arriving) % 4 == 1:
            corners.append(point + INSET_PX * (inward + onward))
        elif (going - arriving) % 4 == 3:
            # The mask is all around this corner but for one pixel, or two of its pixels touch here and nothing else
            # does: by way of both of them no vertex falls into the background.
            corners.append(point + INSET_PX * (inward - _STEP[arriving]))
            corners.append(point + INSET_PX * (onward + _STEP[going]))
    return np.array(corners, dtype=np.float64)


def _nearest(whole: Polygon, ring: Polygon) -> tuple[int, int]:
    """Indices of the two vertices, one of each polygon, that are closest."""
    best, pair = np.inf, (0, 0)
    for start in range(0, len(whole), 1024):
        apart = ((whole[start : start + 1024, None] - ring[None]) ** 2).sum(axis=-1)
        k, j = divmod(int(apart.argmin()), len(ring))
        if apart[k, j] < best:
            best, pair = float(apart[k, j]), (start + k, j)
    return pair
