"""Areas, sweeps and the best threshold, from histograms of scores; see :mod:`sidecar.scores.bins`.

``positive`` and ``negative`` are histograms of the pixels that are and that are not defects, (n,) each.

Where nothing is to be found and nothing is found, precision, recall, F and IoU are 1; where something is to be found
and nothing is, they are 0; recall of nothing is 1. Areas that need both kinds of pixel are None where one is missing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import trapezoid

from . import bins
from .bins import Counts, Floats

FALSE_POSITIVE_LIMIT = 0.3
"""Up to which AUPRO integrates, as MVTec AD does."""


def auroc(positive: Counts, negative: Counts) -> float | None:
    """Area under the receiver operating characteristic; scores of one bin count as equal, which counts half."""
    if not positive.any() or not negative.any():
        return None
    return float(trapezoid(*reversed(roc(positive, negative))))


def roc(positive: Counts, negative: Counts) -> tuple[Floats, Floats]:
    """False and true positive rate, ascending from 0 to 1, (n + 1,) each; both kinds of pixel must be there."""
    alarms, hits = (np.append(0, bins.at_least(h)[::-1]) for h in (negative, positive))
    return alarms / alarms[-1], hits / hits[-1]


def average_precision(positive: Counts, negative: Counts) -> float | None:
    """Area under precision over recall as a sum of steps, which is scikit-learn's ``average_precision_score``.

    Within a bin positives and negatives count as evenly mixed, because scores in one differ; only the first bin, which
    holds the zeros of what is masked, is a tie.
    """
    if not positive.any():
        return None
    found = np.flatnonzero(positive)
    new = positive[found].astype(np.float64)
    mixed = found > 0
    hits = bins.at_least(positive)[found] - np.where(mixed, (new - 1) / 2, 0)
    alarms = bins.at_least(negative)[found] - np.where(mixed, negative[found] / 2, 0)
    return float((new * hits / (hits + alarms)).sum() / new.sum())


def aupro(overlap: Counts, regions: int, negative: Counts, limit: float = FALSE_POSITIVE_LIMIT) -> float | None:
    """Area under the per-region overlap (PRO) up to a false positive rate, over that rate: 0 to 1.

    Args:
        overlap: histogram in which a pixel of a region counts one over the region's size.
        regions: their number.
        negative: pixels of no region.
        limit: of the false positive rate.
    """
    if not regions or not negative.any():
        return None
    alarms, covered = roc(overlap, negative)
    within = np.append(alarms[alarms < limit], limit)
    return float(trapezoid(np.interp(within, alarms, covered), within) / limit)


def sweep(positive: Counts, negative: Counts) -> dict[str, Floats]:
    """Precision, recall, F1, F2 and IoU at the lower edge of each bin, (n,) each, 0 to 1."""
    hits, alarms = bins.at_least(positive), bins.at_least(negative)
    return scores_of(hits, alarms, positive.sum() - hits)


def scores_of(hits: ArrayLike, alarms: ArrayLike, missed: ArrayLike) -> dict[str, Floats]:
    """Precision, recall, F1, F2 (recall weighs twice; S1, section 2.6) and IoU, 0 to 1.

    Args:
        hits, alarms, missed: numbers of true positives, false positives and false negatives, of one shape.
    """
    hits, alarms, missed = (np.asarray(n, dtype=np.float64) for n in (hits, alarms, missed))
    return {
        "precision": _ratio(hits, hits + alarms, otherwise=missed == 0),
        "recall": _ratio(hits, hits + missed),
        "f1": _ratio(2 * hits, 2 * hits + alarms + missed),
        "f2": _ratio(5 * hits, 5 * hits + alarms + 4 * missed),
        "iou": _ratio(hits, hits + alarms + missed),
    }


def best_f1(positive: Counts, negative: Counts) -> int | None:
    """Bin whose lower edge is the threshold of the highest F1, the highest of several; None without positives."""
    if not positive.any():
        return None
    f1 = sweep(positive, negative)["f1"]
    return int(len(f1) - 1 - np.argmax(f1[::-1]))


def _ratio(part: Floats, whole: Floats, otherwise: ArrayLike = 1.0) -> Floats:
    return np.divide(part, whole, out=np.array(np.broadcast_to(otherwise, whole.shape), float), where=whole > 0)
