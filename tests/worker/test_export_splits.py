"""Splits: every instance on one side, the same one whoever asks, in the shares or numbers that were named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.errors import DataSetError
from worker.export import parse_split

from .made import made_manifest


@given(seed=st.integers(0, 2**63 - 1), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_counts_are_kept_and_no_instance_is_torn(seed: int, sizes: list[int]) -> None:
    split = parse_split(",".join(f"s{k}={size}" for k, size in enumerate(sizes)))
    divided = split.divide(made_manifest(seed=seed, instances=sum(sizes)))
    assert [len(instances) for instances in divided.values()] == sizes
    assert sorted(i for instances in divided.values() for i in instances) == list(range(sum(sizes)))


@given(seed=st.integers(0, 2**63 - 1), more=st.integers(0, 300))
def test_shares_leave_an_instance_where_it_was_when_more_are_made(seed: int, more: int) -> None:
    split = parse_split("train=0.5,test=0.5")
    few, many = (split.divide(made_manifest(seed=seed, instances=n)) for n in (100, 100 + more))
    for side in ("train", "test"):
        assert few[side] == [instance for instance in many[side] if instance < 100]


def test_shares_are_kept_in_the_long_run() -> None:
    divided = parse_split("train=0.7,val=0.15,test=.15").divide(made_manifest(instances=20_000))
    assert [len(i) / 20_000 for i in divided.values()] == pytest.approx([0.7, 0.15, 0.15], abs=0.012)


def test_seed_makes_the_split() -> None:
    split = parse_split("train=28,val=4,test=8")  # S2
    divided = [split.divide(made_manifest(seed=seed, instances=40)) for seed in (1, 1, 2)]
    assert divided[0] == divided[1] != divided[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no side"),
        ("train", "'train' is no side"),
        ("train=-1", "is no side"),
        ("train=1e3", "is no side"),
        ("a/b=1", "is no side"),
        ("train=0,test=1", "side 'train' must be more than 0"),
        ("train=1,train=2", "side 'train' is there twice"),
        ("train=0.5,test=0.4", "the shares sum to 0.9, not to 1"),
        ("train=0.5,test=8", "the shares sum to 8.5, not to 1"),
    ],
)
def test_split_that_says_nothing_sensible(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_split(text)


def test_empty_side_is_refused() -> None:
    with pytest.raises(DataSetError, match="give counts, such as a=1,b=1"):
        parse_split("a=0.999999,b=0.000001").divide(made_manifest(instances=2))
