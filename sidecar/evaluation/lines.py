"""The curves of an evaluated run, as ``curves.json`` keeps them: those of several runs go into one plot.

Each line is a pair of lists, what is drawn across and what is drawn up, without the points that no eye would miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..scores import bins, curves
from ..scores.bins import Counts, Floats
from .counting import Evaluation

Line: TypeAlias = list[list[float]]
_MOST_POINTS = 400


def lines(found: Evaluation, history: Sequence[Mapping[str, str]], similarity: bool) -> dict[str, Any]:
    """Lines of an evaluation and of the training before it, as a record of JSON.

    Args:
        found: the evaluation.
        history: rows of the run's ``history.csv``; without losses, as of a PatchCore, no line is made of them.
        similarity: whether the losses are negated SSIM; then the lines are of SSIM (S0, figure 10).

    Returns:
        ``threshold``; ``precision_recall`` with its ``point`` at the threshold; ``pixels`` (ROC) and ``regions`` (PRO)
        over the false positive rate; ``iou``, class to a line over the threshold, the mean over the images that show
        it; ``losses``, ``training`` and ``validation`` to a line over the epoch. What is not defined is left out.
    """
    tally = found.tally
    record: dict[str, Any] = {
        "threshold": found.thresholds.overall,
        "iou": {},
        "losses": _losses(history, -1 if similarity else 1),
        "similarity": similarity,
    }
    for label in tally.detections:
        iou = tally.mean_iou(label)
        if iou is not None and label not in tally.acceptable and iou.any():
            shown = iou > 1e-3 * iou.max()
            record["iou"][label] = thinned(bins.coarse_edges()[shown], iou[shown])
    if tally.positive.any():
        swept = curves.sweep(tally.positive, tally.negative)
        used = bins.at_least(tally.positive + tally.negative) > 0
        at = int(bins.of(np.array([found.thresholds.overall], np.float32))[0])
        record["precision_recall"] = thinned(swept["recall"][used], swept["precision"][used])
        record["point"] = [float(swept["recall"][at]), float(swept["precision"][at])]
        if tally.negative.any():
            record["pixels"] = thinned(*curves.roc(tally.positive, tally.negative))
            record["regions"] = thinned(*curves.roc(tally.overlap, tally.negative))
    return record


def thinned(across: Counts, up: Counts) -> Line:
    """A line of at most 400 points, evenly spread along it."""
    length = np.append(0, np.cumsum(np.hypot(_normed(np.diff(across)), _normed(np.diff(up)))))
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], _MOST_POINTS)).clip(0, len(length) - 1))
    return [[float(f"{value:.6g}") for value in values[kept]] for values in (across, up)]


def _normed(steps: Counts) -> Floats:
    total = np.abs(steps).sum()
    normed: Floats = steps / total if total else np.asarray(steps, np.float64)
    return normed


def _losses(history: Sequence[Mapping[str, str]], sign: int) -> dict[str, Line]:
    found = {}
    for name, column in (("training", "loss"), ("validation", "validation")):
        rows = [(float(row["epoch"]), sign * float(row[column])) for row in history if row.get(column)]
        if rows:
            found[name] = thinned(*np.array(rows).T)
    return found
