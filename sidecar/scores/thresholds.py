"""Which score calls a pixel a defect: one threshold for all, or one per view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import bins, curves
from .tally import Tally


@dataclass(frozen=True)
class Thresholds:
    """Scores from which on a pixel is called a defect, each rounded down to the edge of a bin.

    Attributes:
        overall: for all views.
        by_view: view to its own, for views that have one; of validation they lie on coarse edges, steps of 1 to 2
            percent.
    """

    overall: float
    by_view: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "overall", bins.edge_below(self.overall))
        object.__setattr__(self, "by_view", {view: bins.edge_below(score) for view, score in self.by_view.items()})

    def of(self, view: str) -> float:
        """The threshold of a view: its own where it has one."""
        return self.by_view.get(view, self.overall)


def from_validation(tally: Tally) -> Thresholds | None:
    """Thresholds that maximise F1 of the pixels on validation images (S2, S4), overall and per view.

    Returns:
        None where validation shows no defect; a view that shows none has no threshold of its own.
    """
    best = curves.best_f1(tally.positive, tally.negative)
    if best is None:
        return None
    edges = bins.coarse_edges()
    found = {view: curves.best_f1(positive, negative) for view, (negative, positive) in sorted(tally.by_view.items())}
    by_view = {view: float(edges[at]) for view, at in found.items() if at is not None}
    return Thresholds(float(bins.edges()[best]), by_view)


def from_good(maxima: Mapping[str, list[float]]) -> Thresholds:
    """Thresholds from good images alone: the median of their highest scores, overall and per view (S1, section 4.3).

    Args:
        maxima: view to the highest score of each of its images, one view and one image at least.
    """
    overall = float(np.median([score for scores in maxima.values() for score in scores]))
    return Thresholds(overall, {view: float(np.median(scores)) for view, scores in sorted(maxima.items())})


def to_record(thresholds: Thresholds) -> dict[str, Any]:
    """As a record of JSON; ``Thresholds(**record)`` reads it."""
    return {"overall": thresholds.overall, "by_view": dict(thresholds.by_view)}
