"""The sequential rule against itself done naively, and what coresets are for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sidecar.patchcore.coreset import CHUNK, SequentialCoreset, greedy, meld

Vectors = NDArray[np.float64]


def naive(patches: Vectors, size: int, epochs: int) -> tuple[Vectors, list[tuple[int, int]]]:
    """The rule as S4 words it, with (patch, member) of every replacement."""
    members = patches[:size].copy()
    pairs = ((members[:, None] - members[None]) ** 2).sum(axis=2)
    np.fill_diagonal(pairs, np.inf)
    replaced = []
    for epoch in range(epochs):
        for number, patch in enumerate(patches[size:] if epoch == 0 else patches):
            distances = ((members - patch) ** 2).sum(axis=1)
            i, j = divmod(int(pairs.argmin()), size)
            if distances.min() > pairs[i, j]:
                place = min(i, j)
                members[place] = patch
                distances[place] = np.inf
                pairs[place] = pairs[:, place] = distances
                replaced.append((number, place))
    return members, replaced


def features(count: int, width: int, seed: int = 0) -> Vectors:
    """Vectors in clusters of very different density; some stand twice, as the patches of a black border do."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 3, (12, width))
    made = centres[rng.geometric(0.3, count) % 12] + rng.normal(0, 1, (count, width)) ** 3
    made[rng.random(count) < 0.1] = centres[0]
    return made


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chunk", [700, 37])
def test_fast_stream_is_the_naive_rule_bit_for_bit(seed: int, chunk: int) -> None:
    patches = features(3 * CHUNK + 100, 24, seed)
    size, epochs = 150, 3
    members, replaced = naive(patches, size, epochs)
    coreset = SequentialCoreset(size, 24, np.float64)
    new = sum(coreset.add(patches[i : i + chunk]) for _ in range(epochs) for i in range(0, len(patches), chunk))
    assert len(replaced) > 200
    assert new == size + len(replaced)
    assert (coreset.members == members).all()


def test_every_replacement_is_the_naive_one() -> None:
    patches = features(900, 16, seed=9)
    size = 60
    _, replaced = naive(patches, size, 1)
    coreset = SequentialCoreset(size, 16, np.float64)
    coreset.add(patches[:size])
    seen = []
    for number, patch in enumerate(patches[size:]):
        before = coreset.members.copy()
        if coreset.add(patch[None]):
            seen.append((number, int(np.flatnonzero((before != coreset.members).any(axis=1))[0])))
    assert seen == replaced


def test_equal_patches_never_replace_one_another() -> None:
    patches = np.repeat(features(80, 12), 30, axis=0).astype(np.float32)
    coreset = SequentialCoreset(64, 12)
    coreset.add(patches)
    coreset.add(patches)
    assert coreset.add(patches) == 0
    # As many as there are different ones.
    assert len(np.unique(coreset.members, axis=0)) == min(64, len(np.unique(patches, axis=0)))


def test_fewer_patches_than_members() -> None:
    coreset = SequentialCoreset(64, 12)
    coreset.add(features(10, 12))
    coreset.add(features(10, 12, seed=1))
    assert coreset.members.shape == (20, 12)


def radius(patches: Vectors, members: Vectors) -> float:
    return float(max(np.linalg.norm(members - patch, axis=1).min() for patch in patches))


def test_sequential_covers_nearly_as_well_as_greedy() -> None:
    patches = features(4000, 16)
    coreset = SequentialCoreset(200, 16, np.float64)
    while coreset.add(patches):
        pass
    best = radius(patches, patches[greedy(patches, 200)])
    random = radius(patches, patches[np.random.default_rng(0).choice(4000, 200, replace=False)])
    assert radius(patches, coreset.members) < 1.2 * best < 0.8 * random


def test_melding_widens_the_first() -> None:
    one, other = features(600, 16), features(600, 16, seed=1) + 4
    first, second = one[greedy(one, 100)], other[greedy(other, 100)]
    melded = meld([first, second], 100)
    assert melded.shape == (100, 16)
    assert radius(other, melded) < 0.6 * radius(other, first)
    assert len(meld([first, second], 200)) == 200


def test_coresets_of_other_features_do_not_meld() -> None:
    with pytest.raises(ValueError, match="different features"):
        meld([features(10, 16), features(10, 12)], 10)
