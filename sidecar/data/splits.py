"""Which samples are for training, for validation and for the test: whole groups only, drawn once, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from manifests.errors import DataSetError, RunError
from manifests.sampling import generator

from .samples import Sample
from .sources import Source

SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class Divided:
    """Samples by side.

    Attributes:
        sides: side to its samples, of all sources, in the order of the config.
        how: source to a sentence on what its groups are and who divided them.
    """

    sides: Mapping[str, list[Sample]]
    how: Mapping[str, str]

    def record(self) -> dict[str, Any]:
        """What is written beside a run: for each source how it was divided, and the groups of each side."""
        sources: dict[str, Any] = {}
        for source, how in self.how.items():
            sides = {}
            for side in SIDES:
                groups: dict[str, int] = {}
                for sample in self.sides[side]:
                    if sample.source == source:
                        groups[sample.group] = groups.get(sample.group, 0) + 1
                sides[side] = {"images": sum(groups.values()), "groups": groups}
            sources[source] = {"how": how, **sides}
        return sources


def divide(sources: Sequence[Source], seed: int) -> Divided:
    """Read every source and give each group its side.

    Raises:
        DataSetError: a folder is not there or empty, or a split does not suit its groups.
    """
    sides: dict[str, list[Sample]] = {side: [] for side in SIDES}
    how: dict[str, str] = {}
    for source in sources:
        samples = source.samples()
        chosen, how[source.name] = _sides(source, samples, seed)
        if not source.weight:
            how[source.name] += "; those of 'train' are left out, for its weight is 0"
        for sample in samples:
            side = chosen[sample.group]
            if source.weight or side != "train":
                sides[side].append(sample)
    return Divided(sides, how)


def check_unchanged(recorded: Mapping[str, Any], now: Mapping[str, Any], folder: object) -> None:
    """Refuse to go on with a run whose samples are no longer those that it began with.

    Raises:
        RunError: naming the source and what changed.
    """
    for source in recorded.keys() | now.keys():
        before, after = recorded.get(source), now.get(source)
        if before == after:
            continue
        if before is None or after is None:
            raise RunError(f"{folder}: source '{source}' came or went since the run began; start a new run")
        counts = {side: (before[side]["images"], after[side]["images"]) for side in SIDES}
        changed = ", ".join(f"{side} {a} to {b} images" for side, (a, b) in counts.items() if a != b)
        raise RunError(
            f"{folder}: the split of source '{source}' changed since the run began ({changed or 'other groups'}); "
            "start a new run, or bring the images back"
        )


def _sides(source: Source, samples: Sequence[Sample], seed: int) -> tuple[dict[str, str], str]:
    groups = sorted({sample.group for sample in samples})
    kind = "instances" if source.KIND == "defectory" else "objects" if len(groups) < len(samples) else "images"
    order = generator(seed, f"split:{source.name}", 0).permutation(len(groups))
    drawn = [groups[k] for k in order]
    if source.split == "given":
        return _given(source, samples, drawn, kind)
    if source.split in SIDES:
        return dict.fromkeys(groups, source.split), f"all {len(groups)} {kind} are on side '{source.split}'"
    shares: tuple[float, ...] = (source.train, source.val, source.test)
    told = f"divided by {source.split} {shares[0]:g}/{shares[1]:g}/{shares[2]:g}, seed {seed}"
    if source.split == "one_class":
        defective = {sample.group for sample in samples if not sample.good}
        good = [group for group in drawn if group not in defective]
        others = [group for group in drawn if group in defective]
        rest = source.val + source.test
        held_back = (0.0, source.val / rest, source.test / rest) if rest else (0.0, 0.0, 1.0)
        if len(others) == 1 and source.test:
            held_back = (0.0, 0.0, 1.0)
        chosen = _by_shares(source.name, kind, good, shares) | _by_shares(source.name, kind, others, held_back)
        return chosen, f"{len(good)} good {kind} {told}; {len(others)} with defects kept from training"
    if source.split == "counts":
        if sum(shares) != len(groups):
            raise DataSetError(
                f"source '{source.name}': the split counts {sum(shares):g} {kind}, but there are {len(groups)}"
            )
        shares = tuple(share / len(groups) for share in shares)
    return _by_shares(source.name, kind, drawn, shares), f"{len(groups)} {kind} {told}"


def _by_shares(name: str, kind: str, groups: Sequence[str], shares: Sequence[float]) -> dict[str, str]:
    """Side of each group: the first ones to the first side, and so on; to a side that has a share, one at least."""
    ends = np.round(np.cumsum(shares) * len(groups)).astype(int)
    counts = np.diff(ends, prepend=0)
    for side, share in enumerate(shares):
        if share and groups and not counts[side]:
            if counts.max() < 2:
                many = f"{len(groups)} {kind}"
                raise DataSetError(f"source '{name}': {many} are too few to leave any for '{SIDES[side]}'")
            counts[counts.argmax()] -= 1
            counts[side] = 1
    return dict(zip(groups, np.repeat(SIDES, counts).tolist()))


def _given(source: Source, samples: Sequence[Sample], drawn: list[str], kind: str) -> tuple[dict[str, str], str]:
    lost = next((sample for sample in samples if not sample.side), None)
    if lost is not None:
        raise DataSetError(f"source '{source.name}': {lost.image} is in no folder 'train', 'val' or 'test'")
    chosen: dict[str, str] = {}
    for sample in samples:
        if chosen.setdefault(sample.group, sample.side) != sample.side:
            raise DataSetError(
                f"source '{source.name}': images of '{sample.group}' are in both '{chosen[sample.group]}' and "
                f"'{sample.side}'; move them to one of the two"
            )
    told = "as the folders say"
    if source.val and "val" not in chosen.values():
        mine = [group for group in drawn if chosen[group] == "train"]
        held = mine[: max(1, round(source.val * len(mine)))]
        chosen |= dict.fromkeys(held, "val")
        told += f", {len(held)} of the {len(mine)} {kind} in 'train' held back for validation"
    return chosen, told
