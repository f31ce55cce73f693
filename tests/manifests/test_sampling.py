"""Values depend on the seed, their identifier and their index, and on nothing else; distributions are what they say."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests import fields
from manifests.distributions import (
    Choice,
    Distribution,
    Grid,
    LogUniform,
    LowDiscrepancy,
    Normal,
    Uniform,
    inverse_normal,
)
from manifests.fields import FieldInfo
from manifests.sampling import draw, generator, uniforms
from tests.manifests.strategies import distributions

SEEDS = st.integers(0, 2**63 - 1)
NAMES = st.text(min_size=1, max_size=20)
DISTRIBUTIONS = distributions(FieldInfo("")).map(
    lambda data: fields._parse(Distribution, data, "d", FieldInfo(""))  # the way a manifest takes
)
N = 20_000


@given(seed=SEEDS, name=NAMES, start=st.integers(0, 10**6), length=st.integers(0, 300), cut=st.integers(0, 300))
def test_uniform_at_an_index_is_the_same_in_any_range(seed: int, name: str, start: int, length: int, cut: int) -> None:
    whole = uniforms(seed, name, start, start + length)
    cut = min(cut, length)
    parts = [uniforms(seed, name, start, start + cut), uniforms(seed, name, start + cut, start + length)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert whole.shape == (length,)


@settings(max_examples=60)
@given(distribution=DISTRIBUTIONS, seed=SEEDS, start=st.integers(0, 10**6))
def test_value_at_an_index_is_the_same_in_any_order(distribution: Distribution, seed: int, start: int) -> None:
    together = draw(distribution, seed, "p", start, start + 20)
    alone = [float(draw(distribution, seed, "p", i, i + 1)[0]) for i in reversed(range(start, start + 20))]
    assert list(together) == alone[::-1]


@settings(max_examples=300)
@given(distribution=DISTRIBUTIONS, seed=SEEDS)
def test_values_stay_in_the_support(distribution: Distribution, seed: int) -> None:
    values = draw(distribution, seed, "p", 0, 200)
    low, high = distribution.support()
    assert np.isfinite(values).all()
    assert low <= values.min()
    assert values.max() <= high


def test_seed_and_identifier_each_change_the_values() -> None:
    base = uniforms(1, "a", 0, 1000)
    for other in (uniforms(2, "a", 0, 1000), uniforms(1, "b", 0, 1000), uniforms(0, "a", 0, 1000)):
        assert not (base == other).any()
        # Independent: a correlation of 0.1 would be three standard deviations.
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.1


def test_seed_and_identifier_do_not_run_into_one_another() -> None:
    assert not (uniforms(1, "1:a", 0, 100) == uniforms(11, "a", 0, 100)).any()


def philox4x64(counter: int, key: int) -> list[int]:
    """Philox 4x64-10 as its authors publish it: four words for a counter of 256 bits and a key of 128 bits."""
    mask = 2**64 - 1
    c = [counter >> 64 * i & mask for i in range(4)]
    k = [key & mask, key >> 64]
    for _ in range(10):
        first, second = c[0] * 0xD2E7470EE14C6C93, c[2] * 0xCA5A826395121157
        c = [second >> 64 ^ c[1] ^ k[0], second & mask, first >> 64 ^ c[3] ^ k[1], first & mask]
        k = [k[0] + 0x9E3779B97F4A7C15 & mask, k[1] + 0xBB67AE8584CAA73B & mask]
    return c


def test_philox_of_this_test_is_the_published_one() -> None:
    # Known answers of Random123: all bits zero, all bits one.
    assert philox4x64(0, 0) == [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    ones = philox4x64(2**256 - 1, 2**128 - 1)
    assert ones == [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0]


@given(seed=SEEDS, name=NAMES, index=st.integers(0, 2**40))
def test_uniform_is_the_documented_philox_word(seed: int, name: str, index: int) -> None:
    key = int.from_bytes(hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest(), "little")
    word = philox4x64(index // 4 + 1, key)[index % 4]
    assert uniforms(seed, name, index, index + 1)[0] == ((word >> 11) + 0.5) * 2.0**-53


def test_uniforms_are_pinned() -> None:
    # A change here changes every data set ever made: raise the contract's version with it.
    expected = [0.9906770057200847, 0.11558567947672388, 0.6139516149250714]
    assert uniforms(2021, "light.energy", 0, 3).tolist() == expected


def test_generator_depends_on_its_index() -> None:
    first, again, other = (generator(1, "dents", i).random(5).tolist() for i in (0, 0, 1))
    assert first == again
    assert first != other


CASES: list[tuple[Distribution, Callable[[float], float]]] = [
    (Uniform(-2.0, 3.0), lambda p: -2 + 5 * p),
    (Normal(1.0, 2.0), lambda p: NormalDist(1, 2).inv_cdf(p)),
    (LogUniform(0.01, 100.0), lambda p: 0.01 * 10 ** (4 * p)),
    (LowDiscrepancy(-2.0, 3.0), lambda p: -2 + 5 * p),
    (LowDiscrepancy(-2.0, 3.0, 5), lambda p: -2 + 5 * p),
]


@pytest.mark.parametrize(("distribution", "quantile"), CASES)
def test_quantiles_are_those_of_the_distribution(
    distribution: Distribution, quantile: Callable[[float], float]
) -> None:
    values = np.sort(draw(distribution, 7, "p", 0, N))
    for p in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
        # The rank of the true quantile among the values is binomial: five standard deviations.
        rank = np.searchsorted(values, quantile(p))
        assert abs(rank - p * N) < 5 * math.sqrt(p * (1 - p) * N) + 1


TRUNCATED = [(None, 0.5), (-1.0, None), (-0.3, 0.1), (2.0, 3.0), (6.0, 7.0), (-7.0, -6.0), (8.0, None), (None, -8.0)]


@pytest.mark.parametrize(("low", "high"), TRUNCATED)
def test_truncated_normal_has_the_shape_of_the_normal(low: float | None, high: float | None) -> None:
    values = draw(Normal(0.0, 1.0, low, high), 7, "p", 0, N)
    # The tail function by its own means, so that values far out keep their digits.
    mirror = low is not None and low > 0
    first, last = (-math.inf if low is None else low), (math.inf if high is None else high)
    if mirror:
        values, first, last = -values, -last, -first
    below = [0.5 * math.erfc(-x / math.sqrt(2)) for x in (first, last)]
    for p in (0.1, 0.5, 0.9):
        share = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in values]) <= below[0] + p * (below[1] - below[0])
        assert abs(share.mean() - p) < 5 * math.sqrt(p * (1 - p) / N)


@pytest.mark.parametrize(("low", "high"), TRUNCATED)
def test_larger_uniform_never_gives_a_smaller_value(low: float | None, high: float | None) -> None:
    values = Normal(0.0, 1.0, low, high).values(np.linspace(0.001, 0.999, 999))
    assert (np.diff(values) >= 0).all()
    assert values[-1] > values[0]


@given(p=st.floats(1e-300, 1 - 1e-16, exclude_max=True))
def test_inverse_normal_is_that_of_the_standard_library(p: float) -> None:
    assert inverse_normal(np.array([p]))[0] == pytest.approx(NormalDist().inv_cdf(p), rel=1e-12, abs=1e-15)


def test_normal_without_deviation_is_its_mean() -> None:
    assert set(draw(Normal(3.0, 0.0), 1, "p", 0, 100)) == {3.0}


def test_plain_number_is_itself() -> None:
    assert draw(2.5, 1, "p", 3, 6).tolist() == [2.5] * 3


def test_choice_follows_its_weights() -> None:
    values = draw(Choice((1.0, 2.0, 3.0, 4.0), (0.0, 3.0, 1.0, 0.0)), 7, "p", 0, N)
    assert set(values) == {2.0, 3.0}
    assert abs((values == 2.0).mean() - 0.75) < 5 * math.sqrt(0.75 * 0.25 / N)


def test_choice_without_weights_takes_all_alike() -> None:
    values = draw(Choice((5.0, -1.0, 2.0)), 7, "p", 0, N)
    for option in (5.0, -1.0, 2.0):
        assert abs((values == option).mean() - 1 / 3) < 5 * math.sqrt(2 / 9 / N)


@given(weights=st.lists(st.floats(0, 1e9), min_size=1, max_size=8).filter(lambda w: sum(w) > 1e-200))
def test_choice_never_takes_an_option_without_weight(weights: list[float]) -> None:
    options = tuple(float(i) for i in range(len(weights)))
    # The ends of what a uniform number can be, where rounded sums go wrong.
    ends = np.array([2.0**-54, 0.5, 1 - 2.0**-53])
    for value in Choice(options, tuple(weights)).values(ends):
        assert weights[int(value)] > 0


def test_grid_runs_through_its_values_and_two_grids_through_all_pairs() -> None:
    assert draw(Grid(0.0, 1.0, 3), 1, "p", 0, 7).tolist() == [0, 0.5, 1, 0, 0.5, 1, 0]
    inner, outer = draw(Grid(0.0, 3.0, 4), 1, "p", 0, 12), draw(Grid(0.0, 2.0, 3, 4), 1, "q", 0, 12)
    assert list(zip(outer, inner)) == list(itertools.product(range(3), range(4)))
    assert draw(Grid(5.0, 9.0, 1), 1, "p", 0, 3).tolist() == [5.0] * 3


def fullness(x: np.ndarray, y: np.ndarray, cells: int) -> float:
    """Share of the cells of a square grid that hold a point."""
    return len(set(zip((x * cells).astype(int), (y * cells).astype(int)))) / cells**2


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (2, 3)])
def test_low_discrepancy_covers_better_than_chance(first: int, second: int) -> None:
    n, cells = 1024, 32
    for seed in range(5):
        x, y = (draw(LowDiscrepancy(0.0, 1.0, d), seed, f"p{d}", 0, n) for d in (first, second))
        by_chance = fullness(uniforms(seed, "x", 0, n), uniforms(seed, "y", 0, n), cells)
        assert by_chance == pytest.approx(1 - math.exp(-1), abs=0.05)
        assert fullness(x, y, cells) > by_chance + 0.05
        # In one dimension every gap is short: the longest of random points is about log(n) / n.
        gaps = np.diff(np.sort(x))
        assert gaps.max() < 3.5 / n


def test_low_discrepancy_is_shifted_by_the_seed() -> None:
    assert not np.isclose(
        draw(LowDiscrepancy(0.0, 1.0), 1, "p", 0, 50), draw(LowDiscrepancy(0.0, 1.0), 2, "p", 0, 50)
    ).any()
