"""Splits: which instances fall on which side. Whole instances only: two frames of one share their defects."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from manifests.errors import DataSetError
from manifests.sampling import uniforms
from manifests.schema import Manifest

_IDENTIFIER = "@split"  # parameters begin with a letter, so that none is drawn from the same numbers


@dataclass(frozen=True)
class Split:
    """How instances are divided.

    Attributes:
        sides: name, and share (they sum to 1) or number of instances.
        counts: whether the sides are numbers of instances.
    """

    sides: dict[str, float]
    counts: bool

    def divide(self, manifest: Manifest) -> dict[str, list[int]]:
        """Instances of each side, ascending.

        An instance draws a number from the manifest's seed and its own. By shares, that number alone decides: the
        instance stays on its side when the manifest is given more instances. By counts, those with the smallest
        numbers come first.

        Raises:
            DataSetError: the counts are not those of the data set, or a side would be empty.
        """
        draws = uniforms(manifest.seed, _IDENTIFIER, 0, manifest.instances)
        ends = np.cumsum(list(self.sides.values()))
        if self.counts:
            if ends[-1] != manifest.instances:
                raise DataSetError(
                    f"the split counts {int(ends[-1])} instances, but the data set has {manifest.instances}"
                )
            ranks = np.empty(manifest.instances, dtype=np.int64)
            ranks[np.argsort(draws, kind="stable")] = np.arange(manifest.instances)
            side = np.searchsorted(ends, ranks, side="right")
        else:
            side = np.searchsorted(ends[:-1], draws, side="right")
        divided = {name: np.flatnonzero(side == k).tolist() for k, name in enumerate(self.sides)}
        for name, instances in divided.items():
            if not instances:
                raise DataSetError(
                    f"the split leaves side '{name}' without any of the {manifest.instances} instances; give counts, "
                    f"such as {_example(manifest.instances, list(self.sides))}"
                )
        return divided


def parse_split(text: str) -> Split:
    """Read ``train=0.7,val=0.15,test=0.15`` (shares) or ``train=28,val=4,test=8`` (numbers of instances).

    Raises:
        ValueError: what is wrong with it.
    """
    sides: dict[str, str] = {}
    for entry in text.split(","):
        name, _, size = (word.strip() for word in entry.partition("="))
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,49}", name) or not re.fullmatch(r"\d{1,8}|\d?\.\d{1,15}", size):
            raise ValueError(f"'{entry}' is no side; write train=0.7,val=0.15,test=0.15 or train=28,val=4,test=8")
        if name in sides:
            raise ValueError(f"side '{name}' is there twice")
        if float(size) <= 0:
            raise ValueError(f"side '{name}' must be more than 0")
        sides[name] = size
    counts = not any("." in size for size in sides.values())
    sizes = {name: float(size) for name, size in sides.items()}
    if not counts and abs(sum(sizes.values()) - 1) > 1e-6:
        raise ValueError(f"the shares sum to {sum(sizes.values()):g}, not to 1; whole numbers count instances")
    return Split(sizes, counts)


def _example(instances: int, names: list[str]) -> str:
    rest = len(names) - 1
    sizes = [max(1, instances - rest), *[1] * rest]
    return ",".join(f"{name}={size}" for name, size in zip(names, sizes))
