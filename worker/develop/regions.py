"""Regions: the pixels of a defect or of a piece of an impurity, listed, as an image may hold hundreds of small ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from .outlines import Mask, Polygon, polygon

Indices = NDArray[np.int64]


def window(mask: Mask, margin_px: int = 0) -> tuple[slice, slice]:
    """Rows and columns of the box that holds a mask, and a margin within the image; an empty one of nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return (
        slice(max(0, int(rows[0]) - margin_px), int(rows[-1]) + 1 + margin_px),
        slice(max(0, int(columns[0]) - margin_px), int(columns[-1]) + 1 + margin_px),
    )


@dataclass(frozen=True)
class Region:
    """Pixels of an image, at least one.

    Attributes:
        rows, columns: (n,) of each pixel, in any order, none twice.
        shape: height and width of the image.
    """

    rows: Indices
    columns: Indices
    shape: tuple[int, int]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return len(self.rows)

    @property
    def bbox(self) -> tuple[int, int, int, int]:
        """Left, top, width, height in pixels."""
        left, top = int(self.columns.min()), int(self.rows.min())
        return left, top, int(self.columns.max()) - left + 1, int(self.rows.max()) - top + 1

    def mask(self) -> Mask:
        """(height, width) of the whole image."""
        mask = np.zeros(self.shape, dtype=np.bool_)
        mask[self.rows, self.columns] = True
        return mask

    def rle(self) -> list[int]:
        """COCO's run lengths: of 0 and 1 by turns, beginning with 0, down the columns."""
        height, width = self.shape
        pixels = np.sort(self.columns * height + self.rows)
        breaks = np.flatnonzero(np.diff(pixels) != 1)
        starts = pixels[np.concatenate([[0], breaks + 1])]
        stops = pixels[np.concatenate([breaks, [len(pixels) - 1]])] + 1
        edges = np.concatenate([[0], np.stack([starts, stops], axis=1).ravel(), [height * width]])
        runs: list[int] = np.diff(edges).tolist()
        return runs if runs[-1] else runs[:-1]

    def polygon(self) -> Polygon:
        """(n, 2) x and y in pixels of one polygon around all of it; see :func:`outlines.polygon`."""
        left, top, width, height = self.bbox
        crop = np.zeros((height, width), dtype=np.bool_)
        crop[self.rows - top, self.columns - left] = True
        moved: Polygon = polygon(crop) + np.array([left, top])
        return moved


def regions_of(ids: NDArray[np.uint16]) -> dict[int, Region]:
    """Region of each id but 0 in a picture of ids, ascending."""
    rows, columns = np.nonzero(ids)
    values = ids[rows, columns]
    return {
        int(number): Region(rows[values == number], columns[values == number], (ids.shape[0], ids.shape[1]))
        for number in np.unique(values)
    }


def pieces(mask: Mask) -> list[Region]:
    """The pieces of a mask, in order of their first row; pixels that touch by a corner belong together."""
    runs: list[tuple[int, int, int]] = []  # row, start, stop
    parents: list[int] = []

    def root(k: int) -> int:
        while parents[k] != k:
            parents[k] = k = parents[parents[k]]
        return k

    above: list[int] = []
    for row in np.flatnonzero(mask.any(axis=1)).tolist():
        ends = np.flatnonzero(np.diff(np.pad(mask[row], 1).astype(np.int8)))
        if above and runs[above[0]][0] != row - 1:
            above = []
        here, k = [], 0
        for start, stop in zip(ends[::2].tolist(), ends[1::2].tolist()):
            mine = len(runs)
            runs.append((row, start, stop))
            parents.append(mine)
            here.append(mine)
            while k < len(above) and runs[above[k]][2] < start:
                k += 1
            j = k  # the last run above may touch the next run as well
            while j < len(above) and runs[above[j]][1] <= stop:
                first, second = sorted((root(above[j]), root(mine)))
                parents[second] = first
                j += 1
        above = here
    found: dict[int, list[tuple[int, int, int]]] = {}
    for k, run in enumerate(runs):
        found.setdefault(root(k), []).append(run)
    return [_region(members, (mask.shape[0], mask.shape[1])) for members in found.values()]


def _region(runs: list[tuple[int, int, int]], shape: tuple[int, int]) -> Region:
    rows = np.repeat([row for row, _, _ in runs], [stop - start for _, start, stop in runs])
    columns = np.concatenate(list(starmap(np.arange, ((start, stop) for _, start, stop in runs))))
    return Region(rows.astype(np.int64), columns.astype(np.int64), shape)
