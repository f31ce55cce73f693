"""Defect-wise recall: how many of the defects are found, whatever share of their pixels (S4, section V-B)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from . import bins
from .bins import Counts, Floats
from .tally import COVERAGES, Tally


def recall_by_coverage(tally: Tally, threshold: float) -> dict[str, Floats]:
    """Share of the instances of each class that are detected, (len(COVERAGES),), 0 to 1.

    An instance is detected at a coverage where that share of its pixels, and one pixel at least, reaches the threshold.
    Classes of which no instance is there are left out.

    Args:
        tally: counted images.
        threshold: rounded down to the edge of its bin.
    """
    at = int(bins.of(np.array([threshold], np.float32))[0])
    return {name: detected(table, at) for name, table in tally.detections.items()}


def detected(table: Counts, at: int) -> Floats:
    """Share of instances detected at the lower edge of a bin, (len(COVERAGES),)."""
    share: Floats = table[:, at:].sum(axis=1, dtype=np.int64) / table.sum(axis=1, dtype=np.int64)
    return share


def mean_recall(by_class: Mapping[str, Floats], tally: Tally) -> Floats | None:
    """Mean over the classes of defects, acceptable ones left out; None where no defect is there (S4: mR_DW)."""
    of_defects = [recall for name, recall in by_class.items() if name in tally.defects]
    return np.mean(of_defects, axis=0) if of_defects else None


def instances(tally: Tally) -> dict[str, int]:
    """Number of instances of each class that is there."""
    return {name: int(table[COVERAGES.index(0.0)].sum()) for name, table in tally.detections.items()}
