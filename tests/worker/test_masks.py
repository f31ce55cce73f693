"""Labels that a render carries become masks in which ids never mix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests import schema
from worker.develop.masks import decode, measure

MANIFEST = schema.from_dict(
    {
        "name": "made",
        "part": {"file": "made.stl"},
        "defects": [{"kind": "dent"}, {"kind": "dent", "label": "deep dent"}],
        "impurities": [{"kind": "dust"}],
    }
)
DEFECTS: list[dict[str, Any]] = [{"id": k, "label": "dent" if k % 2 else "deep dent"} for k in range(1, 40)]


def carried(samples: np.ndarray) -> np.ndarray:
    """What Cycles makes of the ids (h, w, n) of each pixel's samples: means in 32-bit floats."""
    ids = samples.astype(np.float32)
    return np.stack([ids, ids * ids, (ids != 0).astype(np.float32)], axis=-1).mean(axis=2, dtype=np.float32)


def test_whole_pixels_keep_their_id() -> None:
    samples = np.arange(40)[None, :, None].repeat(32, axis=2)
    masks = decode(carried(samples), MANIFEST, DEFECTS)
    assert masks.instances[0].tolist() == list(range(40))
    assert masks.classes[0].tolist() == [0, *([1, 2] * 20)[:39]]
    assert (masks.classes.dtype, masks.instances.dtype) == (np.uint8, np.uint16)


def test_a_pixel_belongs_to_what_covers_half_of_it() -> None:
    samples = np.zeros((1, 2, 32), dtype=int)
    samples[0, 0, :16] = 5
    samples[0, 1, :15] = 5
    assert decode(carried(samples), MANIFEST, DEFECTS).instances.tolist() == [[5, 0]]


def test_impurities_have_a_class_and_no_instance() -> None:
    samples = np.full((1, 1, 8), -1)
    masks = decode(carried(samples), MANIFEST, DEFECTS)
    assert masks.classes[0, 0] == MANIFEST.labels["dust"]
    assert masks.instances[0, 0] == 0


@given(
    pair=st.lists(st.sampled_from([-1, *range(1, 40)]), min_size=2, max_size=2, unique=True),
    first=st.integers(1, 31),
    bare=st.integers(0, 15),
)
def test_a_mixed_pixel_takes_the_larger_of_the_two_ids_beside_it(pair: list[int], first: int, bare: int) -> None:
    covered = 32 - bare
    share = first % covered
    samples = np.zeros((1, 3, 32), dtype=int)
    samples[0, 0], samples[0, 2] = pair
    samples[0, 1, :share], samples[0, 1, share:covered] = pair
    masks = decode(carried(samples), MANIFEST, DEFECTS)
    larger = pair[0] if share > covered - share else pair[1]
    allowed = {max(0, larger)} if share * 2 != covered else {max(0, p) for p in pair}
    assert int(masks.instances[0, 1]) in allowed


def test_a_mean_that_looks_like_a_third_id_is_not_taken_for_it() -> None:
    samples = np.zeros((1, 3, 32), dtype=int)
    samples[0, 0], samples[0, 2] = 1, 3
    samples[0, 1, :16], samples[0, 1, 16:] = 1, 3  # their mean is 2
    assert int(decode(carried(samples), MANIFEST, DEFECTS).instances[0, 1]) in (1, 3)


def test_measuring_counts_pixels_and_bounds_them() -> None:
    samples = np.zeros((9, 9, 4), dtype=int)
    samples[2:5, 3:8] = 7
    first, unseen = measure(decode(carried(samples), MANIFEST, DEFECTS), [DEFECTS[6], DEFECTS[0]])
    assert (first["pixels"], first["bbox"]) == (15, [3, 2, 5, 3])
    assert (unseen["pixels"], unseen["bbox"]) == (0, None)


def test_many_samples_do_not_blur_high_ids() -> None:
    """Sums of squares in 32-bit floats lose digits; a whole pixel must not look mixed for it."""
    many = [{"id": k, "label": "dent"} for k in range(1, 1001)]
    ids = np.array([997, 998, 999, 1000])
    labels = np.stack([ids, ids**2, np.ones(4)], axis=-1)[None] * (1 + np.float32(1e-6))
    labels[..., 2] = 1
    assert decode(labels.astype(np.float32), MANIFEST, many).instances[0] == pytest.approx(ids)


def test_what_is_insignificant_only_has_no_value_in_the_mask() -> None:
    entries = [{"kind": "dent", "label": "mark", "insignificant": True}, {"kind": "dent"}, {"kind": "bump"}]
    entries.append({"kind": "bump", "insignificant": True})
    what = schema.from_dict({"name": "a", "part": {"file": "a"}, "defects": entries, "impurities": [{"kind": "dust"}]})
    assert what.labels == {"background": 0, "dent": 1, "bump": 2, "dust": 3}


def test_an_insignificant_defect_is_listed_and_seen_nowhere() -> None:
    # The mesh never carries 2: what looks like it is a mixture of 1 and 3.
    defects: list[dict[str, Any]] = [{"id": k, "label": "dent"} for k in (1, 2, 3)]
    defects[1]["insignificant"] = True
    samples = np.array([[[2] * 32]])
    masks = decode(carried(samples), MANIFEST, defects)
    assert masks.instances.tolist() == [[1]]
    assert [d["pixels"] for d in measure(masks, defects)] == [1, 0, 0]
    assert measure(masks, defects)[1]["bbox"] is None
