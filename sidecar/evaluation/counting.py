"""From anomaly maps of validation and test images to numbers, rows of a table, and pictures worth looking at.

Pictures come one at a time and go; what is kept does not grow with their number, but for a row of numbers each.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scores import batches, bins, curves, detection, singly, thresholds
from ..scores.bins import Counts, Floats
from ..scores.singly import Defect
from ..scores.tally import COVERAGES, Tally
from ..scores.thresholds import Thresholds

SHOWN = 4
"""Pictures kept of each sort: found best, found worst, most false alarms on a good one."""


@dataclass(frozen=True)
class Picture:
    """An image and what a model says of it.

    Attributes:
        name: of the sample.
        batch: instance or object that it shows.
        view: of the plan, empty for none.
        image: (height, width, 3) uint8.
        scores: (height, width) float32, >= 0.
        classes: (height, width) uint8 class mask.
        instances: (height, width) which defect, or None.
        known: what the data set says of each defect, by its number in ``instances``.
        reconstruction: (height, width, 3) uint8, or None of a model that makes none.
    """

    name: str
    batch: str
    view: str
    image: NDArray[np.uint8]
    scores: NDArray[np.float32]
    classes: NDArray[np.uint8]
    instances: Counts | None = None
    known: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    reconstruction: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Row:
    """One image of the table.

    Attributes:
        name, batch, view: as in :class:`Picture`.
        score: highest of the image.
        anomaly: sum of the scores that reach the threshold (S1's C).
        hits, alarms, missed: pixels found, called without being defects, and not found.
        f1, iou: of its pixels.
    """

    name: str
    batch: str
    view: str
    score: float
    anomaly: float
    hits: int
    alarms: int
    missed: int
    f1: float
    iou: float

    @property
    def defective(self) -> bool:
        return self.hits + self.missed > 0


@dataclass(frozen=True)
class Evaluation:
    """What was found on the test images.

    Attributes:
        tally: their pixels.
        thresholds: which were used.
        chosen: where the thresholds come from, in words.
        by_view: hits, alarms and missed pixels under the thresholds per view.
        rows: one for each image.
        defects: one for each defect of each image, those that are acceptable left out.
        best, worst: defective pictures of the highest and of the lowest F1.
        alarming: good pictures with the most false alarms, those without any left out.
    """

    tally: Tally
    thresholds: Thresholds
    chosen: str
    by_view: tuple[int, int, int]
    rows: list[Row]
    defects: list[Defect]
    best: list[tuple[Row, Picture]] = field(default_factory=list)
    worst: list[tuple[Row, Picture]] = field(default_factory=list)
    alarming: list[tuple[Row, Picture]] = field(default_factory=list)


def evaluate(
    test: Callable[[], Iterable[Picture]],
    labels: Mapping[str, int],
    acceptable: frozenset[str],
    chosen: tuple[Thresholds, str] | None,
) -> Evaluation:
    """Count test images.

    Args:
        test: gives the pictures, one at a time.
        labels, acceptable: as :class:`sidecar.scores.tally.Tally` takes them.
        chosen: thresholds and where they come from. None takes those of the highest F1 of the test images themselves,
            which is a bound and no result, and goes through them twice.
    """
    limits, told = chosen or _bound(test, labels, acceptable)
    tally, rows, single = Tally(labels, acceptable), list[Row](), list[Defect]()
    kept = _Kept(), _Kept(), _Kept()
    by_view = np.zeros(3, np.int64)
    sought = {name: value for name, value in labels.items() if value and name not in acceptable}
    for picture in test():
        tally.add(picture.scores, picture.classes, picture.instances, picture.view)
        defective = np.isin(picture.classes, list(sought.values()))
        by_view += _count(picture.scores >= np.float32(limits.of(picture.view)), defective)
        row = _row(picture, defective, limits.overall)
        rows.append(row)
        masks = picture.scores, picture.classes, picture.instances
        single += singly.defects_of(picture.name, *masks, sought, picture.known, limits.overall)
        if row.defective:
            kept[0].offer(row.f1, row, picture)
            kept[1].offer(-row.f1, row, picture)
        elif row.alarms:
            kept[2].offer(row.alarms, row, picture)
    best, worst, alarming = (keep.ordered() for keep in kept)
    shown = {row.name for row, _ in best}
    worst = [(row, picture) for row, picture in worst if row.name not in shown]
    hits, alarms, missed = by_view.tolist()
    return Evaluation(tally, limits, told, (hits, alarms, missed), rows, single, best, worst, alarming)


def numbers(found: Evaluation) -> dict[str, Any]:
    """Every number of an evaluation, as a record of JSON; None where a score is not defined."""
    tally = found.tally
    at = int(bins.of(np.array([found.thresholds.overall], np.float32))[0])
    hits, alarms = int(tally.positive[at:].sum()), int(tally.negative[at:].sum())
    by_coverage = detection.recall_by_coverage(tally, found.thresholds.overall)
    mean = detection.mean_recall(by_coverage, tally)
    maxima = [_maxima(found.rows, defective) for defective in (True, False)]
    return {
        "images": {"count": tally.images, "defective": sum(row.defective for row in found.rows)},
        "thresholds": {**thresholds.to_record(found.thresholds), "chosen": found.chosen},
        "pixels": {
            **_plain(curves.scores_of(hits, alarms, int(tally.positive.sum()) - hits)),
            "auroc": curves.auroc(tally.positive, tally.negative),
            "auprc": curves.average_precision(tally.positive, tally.negative),
            "aupro": curves.aupro(tally.overlap, tally.regions, tally.negative),
        },
        "pixels_by_view": _plain(curves.scores_of(*found.by_view)),
        "whole_images": {"auroc": curves.auroc(*maxima), "auprc": curves.average_precision(*maxima)},
        "classes": {name: _of_class(tally, name, at, by_coverage) for name in tally.detections},
        "defect_wise": {
            "coverage": list(COVERAGES),
            **{name: recall.tolist() for name, recall in by_coverage.items()},
            "mean": None if mean is None else mean.tolist(),
        },
        "singly": {
            "by_visibility": singly.by_visibility(found.defects),
            "by_measure": singly.by_measure(found.defects),
        },
        "batches": _batches(found.rows),
    }


def quality(rows: list[Row]) -> tuple[list[str], batches.ControlChart] | None:
    """Names of the batches and the control chart of their nQI; None where fewer than two are good.

    A batch is what one instance or object shows in all of its views; it is good where no view shows a defect. There is
    no chart either where no two batches share a view.
    """
    names, views = sorted({row.batch for row in rows}), sorted({row.view for row in rows})
    anomaly: Floats = np.full((len(names), len(views)), np.nan)
    bad: set[str] = set()
    for row in rows:
        place = names.index(row.batch), views.index(row.view)
        anomaly[place] = np.nansum([anomaly[place], row.anomaly])
        if row.defective:
            bad.add(row.batch)
    in_order = np.array([name not in bad for name in names])
    if in_order.sum() < 2 or not (np.isfinite(anomaly).sum(axis=0) > 1).any():
        return None
    return names, batches.control_chart(batches.quality_index(anomaly), in_order)


def _bound(
    test: Callable[[], Iterable[Picture]], labels: Mapping[str, int], acceptable: frozenset[str]
) -> tuple[Thresholds, str]:
    tally, maxima = Tally(labels, acceptable), dict[str, list[float]]()
    for picture in test():
        tally.add(picture.scores, picture.classes, picture.instances, picture.view)
        maxima.setdefault(picture.view, []).append(float(picture.scores.max()))
    found = thresholds.from_validation(tally) or thresholds.from_good(maxima)
    return found, "chosen on the test images themselves, for want of validation images: a bound, not a result"


class _Kept:
    """The SHOWN pictures of the highest value; no more are held than that."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Row, Picture]] = []
        self._offered = 0

    def offer(self, value: float, row: Row, picture: Picture) -> None:
        self._offered += 1
        heapq.heappush(self._heap, (value, -self._offered, row, picture))
        if len(self._heap) > SHOWN:
            heapq.heappop(self._heap)

    def ordered(self) -> list[tuple[Row, Picture]]:
        return [(row, picture) for _, _, row, picture in sorted(self._heap, key=lambda item: item[:2], reverse=True)]


def _row(picture: Picture, defective: NDArray[np.bool_], threshold: float) -> Row:
    called = picture.scores >= np.float32(threshold)
    hits, alarms, missed = _count(called, defective)
    scores = _plain(curves.scores_of(hits, alarms, missed))
    anomaly = float(picture.scores[called].sum(dtype=np.float64))
    names = (picture.name, picture.batch, picture.view)
    return Row(*names, float(picture.scores.max()), anomaly, hits, alarms, missed, scores["f1"], scores["iou"])


def _count(called: NDArray[np.bool_], defective: NDArray[np.bool_]) -> tuple[int, int, int]:
    hits = int((called & defective).sum())
    return hits, int(called.sum()) - hits, int(defective.sum()) - hits


def _of_class(tally: Tally, name: str, at: int, by_coverage: Mapping[str, Floats]) -> dict[str, Any]:
    pixels, iou = tally.by_class[name], tally.mean_iou(name)
    assert iou is not None, "a class that has instances is shown"
    peak = int(iou.argmax())
    return {
        "acceptable": name in tally.acceptable,
        "pixels": int(pixels.sum()),
        "pixel_recall": float(pixels[at:].sum() / pixels.sum()),
        "instances": detection.instances(tally)[name],
        "defect_wise_recall": float(by_coverage[name][0]),
        "peak_mean_iou": float(iou[peak]),
        "peak_threshold": float(bins.coarse_edges()[peak]),
    }


def _batches(rows: list[Row]) -> dict[str, Any] | None:
    found = quality(rows)
    if found is None:
        return None
    names, chart = found
    return {
        "nqi": dict(zip(names, chart.values.tolist())),
        "centre": chart.centre,
        "upper": chart.upper,
        "lower": chart.lower,
        "out_of_control": [names[k] for k in chart.out_of_control],
    }


def _maxima(rows: list[Row], defective: bool) -> Counts:
    scores = np.array([row.score for row in rows if row.defective == defective], np.float32)
    return np.bincount(bins.of(scores), minlength=bins.COUNT)


def _plain(scores: Mapping[str, Floats]) -> dict[str, float]:
    return {name: float(value) for name, value in scores.items()}
