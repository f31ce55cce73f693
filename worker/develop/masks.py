"""From the labels that a render carries to masks: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.schema import Manifest

from .regions import window

_COVERED = 0.5  # share of a pixel from which on it belongs to what covers it
_TOUCHED = 1e-4  # share from which on a pixel's moments say anything
_PURE = 0.02  # variance of the id up to which a pixel holds one id; any mixture of 32 samples has more
_REACH = 2  # pixels around a mixed one in which its ids are looked for


@dataclass(frozen=True)
class Masks:
    """Masks of a frame.

    Attributes:
        classes: (height, width) uint8, the values of the manifest's labels.
        instances: (height, width) uint16, ids of defects, 0 elsewhere.
    """

    classes: NDArray[np.uint8]
    instances: NDArray[np.uint16]


def decode(labels: NDArray[np.float32], manifest: Manifest, defects: list[dict[str, Any]]) -> Masks:
    """Masks from the mean over each pixel's samples of (id, id squared, covered).

    A pixel belongs to what covers at least half of it. Where two ids share a pixel, the ids of its neighbours and its
    two moments tell which has the larger share, so that ids never mix into a third.

    Args:
        labels: (height, width, 3).
        manifest: whose labels.
        defects: of the frame's instance, with ``id`` and ``label``; insignificant ones are in no mask.
    """
    classes, instances = np.zeros(labels.shape[:2], dtype=np.uint8), np.zeros(labels.shape[:2], dtype=np.uint16)
    # Most of an image bears no label.
    box = window(labels[..., 2] > _TOUCHED)
    mean, square, covered = (labels[box][..., k].astype(np.float64) for k in range(3))
    touched = covered > _TOUCHED
    share = np.where(touched, covered, 1.0)
    mean, square = np.where(touched, mean / share, 0.0), np.where(touched, square / share, 0.0)
    ids = np.rint(mean).astype(np.int64)
    known = {int(d["id"]): str(d["label"]) for d in defects if not d.get("insignificant")}
    known |= {-1 - k: impurity.label for k, impurity in enumerate(manifest.impurities)}
    pure = touched & (square - mean**2 <= _PURE + 4e-6 * square) & np.isin(ids, list(known))
    labelled = covered >= _COVERED
    for row, column in np.argwhere(labelled & ~pure):
        ids[row, column] = _larger(ids, pure, row, column, mean[row, column], square[row, column], known)
    ids[~labelled] = 0

    values = manifest.labels
    lookup = np.zeros(2 + max([0, *known]) + len(manifest.impurities), dtype=np.uint8)
    for number, name in known.items():
        lookup[number] = values[name]  # impurities have negative ids, which count from the table's end
    classes[box], instances[box] = lookup[ids], np.maximum(ids, 0)
    return Masks(classes, instances)


def measure(masks: Masks, defects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The defects, each with its ``pixels`` and its ``bbox`` [left, top, width, height], null where it is not seen."""
    rows, columns = np.nonzero(masks.instances)
    ids = masks.instances[rows, columns]
    measured = []
    for defect in defects:
        mine = ids == defect["id"]
        box = None
        if mine.any():
            left, top = int(columns[mine].min()), int(rows[mine].min())
            box = [left, top, int(columns[mine].max()) - left + 1, int(rows[mine].max()) - top + 1]
        measured.append({**defect, "pixels": int(mine.sum()), "bbox": box})
    return measured


def _larger(
    ids: NDArray[np.int64],
    pure: NDArray[np.bool_],
    row: int,
    column: int,
    mean: float,
    square: float,
    known: dict[int, str],
) -> int:
    """Of the two ids that best explain a pixel's moments, the one with the larger share."""
    window = np.s_[max(0, row - _REACH) : row + _REACH + 1, max(0, column - _REACH) : column + _REACH + 1]
    near = sorted(set(ids[window][pure[window]].tolist()))
    candidates = near if len(near) > 1 else sorted(known)
    best, winner = np.inf, int(candidates[0])
    for k, a in enumerate(candidates):
        for b in candidates[k + 1 :]:
            share = float(np.clip((mean - b) / (a - b), 0.0, 1.0))
            miss = abs(share * a**2 + (1 - share) * b**2 - square) + abs(share * a + (1 - share) * b - mean)
            if miss < best:
                best, winner = miss, a if share >= 0.5 else b
    return winner
