"""Each defect on its own: whether it is found, and how that depends on its size and its contrast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .bins import Counts
from .tally import EIGHT_NEIGHBOURS

_GROUPS, _LEAST = 4, 3
"""Groups that a measure is divided into, and defects that each must have."""


@dataclass(frozen=True)
class Defect:
    """What one image shows of one defect.

    Attributes:
        image: its name.
        label: class.
        number: in the instance mask; without one, of the connected region.
        pixels, called: of its mask, and how many of them reach the threshold.
        score: highest.
        measures: ``diameter_px``, of a circle with as many pixels; what the data set says in mm; and ``contrast``,
            where a twin tells it.
        visible: whether it can be seen, where a twin tells.
    """

    image: str
    label: str
    number: int
    pixels: int
    called: int
    score: float
    measures: Mapping[str, float]
    visible: bool | None

    @property
    def found(self) -> bool:
        """Whether one of its pixels at least reaches the threshold (S4)."""
        return self.called > 0


def defects_of(
    image: str,
    scores: NDArray[np.float32],
    classes: NDArray[np.uint8],
    instances: Counts | None,
    labels: Mapping[str, int],
    known: Mapping[int, Mapping[str, Any]],
    threshold: float,
) -> Iterator[Defect]:
    """The defects of an image.

    Args:
        image: its name.
        scores, classes, instances: (height, width), as :meth:`sidecar.scores.tally.Tally.add` takes them.
        labels: value in the class mask by class, of those that are to be found.
        known: what the data set says of each defect, by its number in the instance mask.
        threshold: from which score on a pixel is called.
    """
    for label, class_ in labels.items():
        inside = classes == class_
        numbers = ndimage.label(inside, EIGHT_NEIGHBOURS)[0] if instances is None else np.where(inside, instances, 0)
        for number in np.unique(numbers[numbers > 0]).tolist():
            mine = scores[numbers == number]
            said = known.get(number, {}) if instances is not None else {}
            measures = {"diameter_px": float(2 * np.sqrt(mine.size / np.pi))}
            measures |= {
                name: float(value)
                for name, value in said.items()
                if isinstance(value, (int, float)) and (name.endswith("_mm") or name == "contrast")
            }
            called = int((mine >= np.float32(threshold)).sum())
            yield Defect(image, label, number, mine.size, called, float(mine.max()), measures, said.get("visible"))


def by_measure(defects: Sequence[Defect]) -> list[dict[str, Any]]:
    """For each class and measure, groups of equally many defects from the least to the greatest, and what is found.

    Returns:
        Records of ``class``, ``measure``, ``low``, ``high``, ``count``, ``found`` (share of the defects, 0 to 1) and
        ``pixels_found`` (share of their pixels). Measures that do not differ, and classes with too few, are left out.
    """
    groups = []
    for label in dict.fromkeys(defect.label for defect in defects):
        mine = [defect for defect in defects if defect.label == label]
        for measure in dict.fromkeys(name for defect in mine for name in defect.measures):
            there = sorted((d for d in mine if measure in d.measures), key=lambda d: d.measures[measure])
            count = min(_GROUPS, len(there) // _LEAST)
            if count < 2 or there[0].measures[measure] == there[-1].measures[measure]:
                continue
            for part in np.array_split(np.arange(len(there)), count):
                some = [there[k] for k in part]
                ends = {"low": some[0].measures[measure], "high": some[-1].measures[measure]}
                groups.append({"class": label, "measure": measure, **ends, **_found(some)})
    return groups


def by_visibility(defects: Sequence[Defect]) -> dict[str, dict[str, Any]]:
    """Count and share found of the defects that can be seen and of those that cannot; empty where no twin tells."""
    kinds = {"visible": True, "invisible": False}
    told = {name: [defect for defect in defects if defect.visible is visible] for name, visible in kinds.items()}
    return {name: _found(some) for name, some in told.items()} if any(told.values()) else {}


def _found(defects: Sequence[Defect]) -> dict[str, Any]:
    if not defects:
        return {"count": 0, "found": None, "pixels_found": None}
    share = sum(defect.found for defect in defects) / len(defects)
    called = sum(defect.called for defect in defects) / sum(defect.pixels for defect in defects)
    return {"count": len(defects), "found": share, "pixels_found": called}
