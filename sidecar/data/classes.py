"""The classes of a run: their numbers in the masks, and which of them are to be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from manifests.errors import DataSetError

from .samples import Sample, read_mask, read_picture


@dataclass(frozen=True)
class Classes:
    """Classes of masks.

    Attributes:
        numbers: value in the masks by class, from 1.
        acceptable: classes that are no defects.
    """

    numbers: dict[str, int]
    acceptable: frozenset[str]

    @property
    def sought(self) -> list[int]:
        """Numbers of what is to be found."""
        return [number for name, number in self.numbers.items() if name not in self.acceptable]


def classes_of(samples: Iterable[Sample], target: str, wanted: Sequence[str]) -> Classes:
    """The classes that the samples may show.

    Args:
        samples: of all sides.
        target: ``part``: the part is the one class; else ``defects``.
        wanted: the classes that are defects; none: all but those that the sources call acceptable.

    Raises:
        DataSetError: a class is wanted that no sample has.
    """
    if target == "part":
        return Classes({"part": 1}, frozenset())
    there: set[str] = set()
    acceptable: set[str] = set()
    for sample in samples:
        there |= set(sample.classes.values())
        acceptable |= sample.acceptable
    for name in wanted:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            raise DataSetError(f"data.classes: no source has class '{name}'; there are {known}")
    numbers = {name: number for number, name in enumerate(sorted(there), 1)}
    return Classes(numbers, frozenset(there - set(wanted) if wanted else acceptable))


def check_shown(sides: Mapping[str, Sequence[Sample]], classes: Classes, wanted: Sequence[str]) -> None:
    """See that whoever learns to find defects is shown some, and that each side shows every class that is wanted.

    Raises:
        DataSetError: naming the side, and the class that it lacks.
    """
    defects = classes.numbers.keys() - classes.acceptable
    for side, samples in sides.items():
        absent = set(wanted)
        none_yet = side == "train"
        for sample in samples:
            if not absent and not none_yet:
                break
            shown = _shown(sample, classes) & defects
            absent -= shown
            none_yet = none_yet and not shown
        if samples and (absent or none_yet):
            missing = ", ".join(sorted(absent)) or "any defect"
            raise DataSetError(f"side '{side}' has no sample that shows {missing}; change the sources' 'split'")


def _shown(sample: Sample, classes: Classes) -> set[str]:
    if sample.shows is not None:
        return set(sample.shows)
    height, width = read_picture(sample)[0].shape[:2]
    mask = read_mask(sample, classes.numbers, height, width)
    return {name for name, number in classes.numbers.items() if (mask == number).any()}
