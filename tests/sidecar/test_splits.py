"""Sides and passes: whole groups only, said aloud, the same each time; weights as they are given."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.errors import DataSetError, RunError
from sidecar.config import Data
from sidecar.data.classes import Classes, check_shown, classes_of
from sidecar.data.drawing import Draws, Pictures
from sidecar.data.mixing import Passes
from sidecar.data.samples import Sample
from sidecar.data.sources import Folder, MVTec, Rendered
from sidecar.data.splits import SIDES, check_unchanged, divide
from tests.sidecar import pictures


def sides(source: Any, seed: int = 0) -> dict[str, list[Sample]]:
    return dict(divide([source], seed).sides)


def test_groups_are_never_torn_apart(tmp_path: Path) -> None:
    root = str(pictures.rendered(tmp_path / "set", instances=10))
    for seed in range(5):
        split = sides(Rendered(root, train=0.6, val=0.2, test=0.2), seed)
        groups = [{sample.group for sample in split[side]} for side in SIDES]
        assert [len(some) for some in groups] == [6, 2, 2]
        assert not groups[0] & groups[1] | groups[1] & groups[2] | groups[0] & groups[2]
        assert [len(split[side]) for side in SIDES] == [12, 4, 4]
    assert sides(Rendered(root), 1) == sides(Rendered(root), 1) != sides(Rendered(root), 2)


def test_counts_are_kept_to(tmp_path: Path) -> None:
    root = str(pictures.rendered(tmp_path / "set"))
    split = sides(Rendered(root, split="counts", train=3, val=1, test=2))
    assert [len({sample.group for sample in split[side]}) for side in SIDES] == [3, 1, 2]
    with pytest.raises(DataSetError, match="the split counts 7 instances, but there are 6"):
        sides(Rendered(root, split="counts", train=4, val=1, test=2))


def test_one_class_trains_on_good_groups_alone(tmp_path: Path) -> None:
    root = str(pictures.rendered(tmp_path / "set", instances=8, good=4))
    split = sides(Rendered(root, split="one_class", train=0.5, val=0.25, test=0.25))
    assert [Counter(sample.good for sample in split[side]) for side in SIDES] == [
        {True: 4},
        {True: 2, False: 4},
        {True: 2, False: 4},
    ]
    everything = sides(Rendered(root, split="one_class", train=1, val=0, test=0))
    assert [Counter(sample.good for sample in everything[side]) for side in SIDES] == [{True: 8}, {}, {False: 8}]


def test_one_defective_group_is_for_the_test(tmp_path: Path) -> None:
    root = str(pictures.rendered(tmp_path / "set", instances=7, good=6))
    split = sides(Rendered(root, split="one_class", train=0.5, val=0.25, test=0.25))
    assert [Counter(sample.good for sample in split[side])[False] for side in SIDES] == [0, 0, 2]
    split = sides(Rendered(root, split="one_class", train=0.75, val=0.25, test=0))
    assert [Counter(sample.good for sample in split[side])[False] for side in SIDES] == [0, 2, 0]


def test_given_sides_are_taken_and_what_is_held_back_is_said(tmp_path: Path) -> None:
    root = str(pictures.mvtec(tmp_path))
    divided = divide([MVTec(root, split="given", val=0.25)], 3)
    assert [len(divided.sides[side]) for side in SIDES] == [3, 1, 3]
    assert divided.how["data"] == "as the folders say, 1 of the 4 images in 'train' held back for validation"
    assert [len(sides(MVTec(root, split="given", val=0))[side]) for side in SIDES] == [4, 0, 3]


def test_given_sides_that_are_not_given_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"block0_0\.png is in no folder 'train', 'val' or 'test'"):
        sides(Folder(str(pictures.folder(tmp_path)), split="given", val=0))


def test_object_on_two_given_sides_is_one_line(tmp_path: Path) -> None:
    for k, side in enumerate(("train", "train", "test")):
        pictures.write(tmp_path / "images" / side / f"block{k // 2}_{k}.png", pictures.surface())
    source = Folder(str(tmp_path), split="given", val=0, masks=None, good=True, group_pattern="(block[0-9]+)")
    assert [len(sides(source)[side]) for side in SIDES] == [2, 0, 1]
    pictures.write(tmp_path / "images" / "test" / "block0_9.png", pictures.surface())
    with pytest.raises(DataSetError, match="images of 'block0' are in both 'test' and 'train'; move them to one"):
        sides(source)


def test_source_of_weight_0_is_not_trained_on(tmp_path: Path) -> None:
    divided = divide([MVTec(str(pictures.mvtec(tmp_path)), split="given", val=0, weight=0)], 0)
    assert [len(divided.sides[side]) for side in SIDES] == [0, 0, 3]
    assert divided.how["data"].endswith("those of 'train' are left out, for its weight is 0")


def test_source_of_weight_0_is_validated_on(tmp_path: Path) -> None:
    source = MVTec(str(pictures.mvtec(tmp_path)), split="given", val=0.5, weight=0)
    prepared = Pictures(Data((source,)), Classes({}, frozenset()), masks=False)
    draws = Draws(prepared, sides(source)["val"], Data((source,)), 32, 0)
    assert [len(images) for images, _ in draws.fixed(4)] == [2]


def test_too_few_groups_are_one_line(tmp_path: Path) -> None:
    source = Folder(str(pictures.folder(tmp_path, count=4)), group_pattern="(block[0-9]+)")
    with pytest.raises(DataSetError, match=r"2 objects are too few to leave any for '(val|test)'"):
        sides(source)


def test_each_side_that_has_a_share_has_a_group(tmp_path: Path) -> None:
    source = Folder(str(pictures.folder(tmp_path)), group_pattern="(block[0-9]+)")
    split = sides(source)
    assert [len({sample.group for sample in split[side]}) for side in SIDES] == [1, 1, 1]


def test_record_says_who_is_where_and_notices_a_change(tmp_path: Path) -> None:
    root = pictures.folder(tmp_path)
    source = Folder(str(root), train=0.5, val=0.25, test=0.25, good=True)
    record = divide([source], 0).record()
    assert record["data"]["how"] == "6 images divided by shares 0.5/0.25/0.25, seed 0"
    assert sum(record["data"][side]["images"] for side in SIDES) == 6
    check_unchanged(record, divide([source], 0).record(), "run")
    pictures.write(root / "images" / "block9_0.png", pictures.surface())
    with pytest.raises(RunError, match=r"run: the split of source 'data' changed since the run began \(.*images\)"):
        check_unchanged(record, divide([source], 0).record(), "run")


def samples(counts: dict[str, int]) -> list[Sample]:
    return [Sample(name, str(k), Path(), str(k)) for name, count in counts.items() for k in range(count)]


def test_real_pictures_ten_times_as_in_s0() -> None:
    both = samples({"synthetic": 500, "real": 19})
    passes = Passes(both, {"synthetic": 1, "real": 10}, 0)
    assert passes.length == 690  # A tenth of S0's 5000 + 10 x 190.
    drawn = Counter(passes.sample(draw) for draw in range(passes.length))
    assert {both[k].source: count for k, count in drawn.items()} == {"synthetic": 1, "real": 10}
    assert len(drawn) == 519


@given(st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1), st.data())
def test_passes_keep_to_any_weights(counts: dict[str, int], data: st.DataObject) -> None:
    weights = {name: data.draw(st.floats(0.1, 4)) for name in counts}
    every = samples(counts)
    if not any(round(weight * counts[name]) for name, weight in weights.items()):
        with pytest.raises(DataSetError, match="the sources' weights leave no sample of"):
            Passes(every, weights, 7)
        return
    passes = Passes(every, weights, 7)
    for number in range(3):
        drawn = Counter(passes.sample(number * passes.length + k) for k in range(passes.length))
        for name, weight in weights.items():
            mine = [drawn[k] for k, sample in enumerate(every) if sample.source == name]
            assert sum(mine) == round(weight * counts[name])
            assert max(mine) - min(mine) <= 1


def test_any_draw_is_reached_without_those_before_it() -> None:
    every, weights = samples({"a": 5, "b": 3}), {"a": 1.5, "b": 1}
    passes = Passes(every, weights, 1)
    inorder = [passes.sample(k) for k in range(40)]
    assert [Passes(every, weights, 1).sample(k) for k in reversed(range(40))] == inorder[::-1]
    assert inorder[: passes.length] != inorder[passes.length : 2 * passes.length]


def test_impurities_are_acceptable_unless_they_are_wanted(tmp_path: Path) -> None:
    every = Rendered(str(pictures.rendered(tmp_path / "set"))).samples()
    classes = classes_of(every, "defects", ())
    assert (classes.numbers, classes.acceptable, classes.sought) == ({"dent": 1, "dust": 2}, {"dust"}, [1])
    assert classes_of(every, "defects", ("dust",)).acceptable == {"dent"}
    with pytest.raises(DataSetError, match=r"data\.classes: no source has class 'rust'; there are dent, dust"):
        classes_of(every, "defects", ("rust",))


def test_class_absent_from_a_side_is_one_line(tmp_path: Path) -> None:
    every = Rendered(str(pictures.rendered(tmp_path / "set"))).samples()
    classes = classes_of(every, "defects", ())
    check_shown({"train": every, "val": every[:2], "test": []}, classes, ())
    with pytest.raises(DataSetError, match="side 'train' has no sample that shows any defect"):
        check_shown({"train": every[:2]}, classes, ())
    with pytest.raises(DataSetError, match="side 'val' has no sample that shows dent"):
        check_shown({"train": every, "val": every[:2]}, classes, ("dent",))


def test_class_absent_from_masks_that_only_pixels_tell_is_noticed(tmp_path: Path) -> None:
    every = Folder(str(pictures.folder(tmp_path))).samples()
    classes = classes_of(every, "defects", ())
    check_shown({"train": every}, classes, ())
    with pytest.raises(DataSetError, match="side 'train' has no sample that shows any defect"):
        check_shown({"train": every[::2]}, classes, ())
