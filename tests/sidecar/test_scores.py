"""Scores against scikit-learn, scikit-image and scipy, and against definitions written out pixel by pixel."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg
from skimage.measure import label
from sklearn.decomposition import PCA
from sklearn.metrics import (
    average_precision_score,
    fbeta_score,
    jaccard_score,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from sidecar.scores import batches, bins, curves, detection, domain, singly, thresholds
from sidecar.scores.tally import COVERAGES, Tally

LABELS = {"background": 0, "dent": 1, "scratch": 2, "stain": 3}
STAIN = frozenset({"stain"})


def made(images: int, side: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Score maps and class masks, (images, side, side): discs whose scores lie higher; the first image shows none."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    classes = np.zeros((images, side, side), np.uint8)
    for mask in classes[1:]:
        for value in (1, 2, 3):
            for _ in range(rng.integers(1, 4)):
                cy, cx = rng.uniform(0, side, 2)
                mask[np.hypot(y - cy, x - cx) < rng.uniform(1, side / 12)] = value
    scores = rng.gamma(2, 1, classes.shape) * np.array([1, 2.5, 1.7, 1.3])[classes]
    return scores.astype(np.float32), classes


def tallied(scores: NDArray[np.float32], classes: NDArray[np.uint8]) -> Tally:
    tally = Tally(LABELS, STAIN)
    for k, (map_, mask) in enumerate(zip(scores, classes)):
        tally.add(map_, mask, view=f"view{k % 2}")
    return tally


def test_bins_keep_order_and_thresholds_are_exact() -> None:
    scores = np.sort(np.random.default_rng(0).lognormal(0, 4, 20_000).astype(np.float32))
    at = bins.of(scores)
    assert (np.diff(at) >= 0).all()
    edges = bins.edges()
    assert (bins.of(edges) == np.arange(bins.COUNT)).all()
    assert (bins.of(np.nextafter(edges[1:], np.float32(0))) == np.arange(bins.COUNT - 1)).all()
    reached = bins.at_least(np.bincount(at, minlength=bins.COUNT))
    for bin_ in (0, 1, at[50], at[10_000], bins.COUNT - 1):
        assert reached[bin_] == (scores >= edges[bin_]).sum()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_scores_that_are_no_scores_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="numbers >= 0"):
        bins.of(np.array([1.0, bad], np.float32))


def test_areas_agree_with_scikit_learn() -> None:
    scores, classes = made(8, 256)
    tally = tallied(scores, classes)
    truth = np.isin(classes, (1, 2)).ravel()
    assert curves.auroc(tally.positive, tally.negative) == pytest.approx(roc_auc_score(truth, scores.ravel()), abs=1e-6)
    expected = average_precision_score(truth, scores.ravel())
    assert curves.average_precision(tally.positive, tally.negative) == pytest.approx(expected, abs=1e-6)


def test_areas_of_masked_pictures_agree_with_scikit_learn() -> None:
    # Half of the pixels lie beside the part and score exactly 0: one huge tie.
    scores, classes = made(8, 256)
    scores[:, :, :128] = 0
    tally, truth = tallied(scores, classes), np.isin(classes, (1, 2)).ravel()
    assert curves.auroc(tally.positive, tally.negative) == pytest.approx(roc_auc_score(truth, scores.ravel()), abs=1e-6)
    expected = average_precision_score(truth, scores.ravel())
    assert curves.average_precision(tally.positive, tally.negative) == pytest.approx(expected, abs=1e-6)


def test_aupro_agrees_with_its_definition() -> None:
    scores, classes = made(6, 128)
    tally = tallied(scores, classes)
    defective = np.isin(classes, (1, 2))
    regions = [label(mask, connectivity=2) for mask in defective]
    _, alarms, cuts = roc_curve(~defective.ravel(), scores.ravel(), drop_intermediate=False)
    ordered = [np.sort(s[r == k]) for s, r in zip(scores, regions) for k in range(1, r.max() + 1)]
    covered = np.mean([1 - np.searchsorted(region, cuts) / len(region) for region in ordered], axis=0)
    false = np.append(alarms[alarms < 0.3], 0.3)
    expected = np.trapz(np.interp(false, alarms, covered), false) / 0.3
    assert tally.regions == len(ordered)
    # A small region weighs as much as a large one, so that where one pixel lies in its bin shows sooner.
    assert curves.aupro(tally.overlap, tally.regions, tally.negative) == pytest.approx(expected, abs=1e-5)


def test_scores_at_a_threshold_agree_with_scikit_learn() -> None:
    scores, classes = made(4, 64)
    tally, truth = tallied(scores, classes), np.isin(classes, (1, 2)).ravel()
    swept = curves.sweep(tally.positive, tally.negative)
    best = curves.best_f1(tally.positive, tally.negative)
    assert best is not None
    for bin_ in (0, best, best + 5000):
        called = scores.ravel() >= bins.edges()[bin_]
        assert swept["precision"][bin_] == pytest.approx(precision_score(truth, called), abs=1e-12)
        assert swept["recall"][bin_] == pytest.approx(recall_score(truth, called), abs=1e-12)
        assert swept["f1"][bin_] == pytest.approx(fbeta_score(truth, called, beta=1), abs=1e-12)
        assert swept["f2"][bin_] == pytest.approx(fbeta_score(truth, called, beta=2), abs=1e-12)
        assert swept["iou"][bin_] == pytest.approx(jaccard_score(truth, called), abs=1e-12)
    everywhere = [fbeta_score(truth, scores.ravel() >= cut, beta=1) for cut in np.unique(scores)[::400]]
    # Thresholds between the edges of a bin are not tried.
    assert swept["f1"][best] >= max(everywhere) - 1e-4


def test_iou_per_class_is_the_mean_over_the_images_that_show_it() -> None:
    scores, classes = made(5, 64)
    mean = tallied(scores, classes).mean_iou("dent")
    assert mean is not None
    for at in np.flatnonzero(mean)[:: bins.COARSE_COUNT // 9]:
        called = scores >= bins.coarse_edges()[at]
        expected = []
        for k in range(1, 5):
            known = np.isin(classes[k], (0, 1))
            expected.append(jaccard_score((classes[k] == 1)[known], called[k][known], zero_division=0))
        assert mean[at] == pytest.approx(np.mean(expected), abs=1e-12)


def test_defects_are_counted_one_by_one() -> None:
    scores, classes = made(4, 96, seed=3)
    rng = np.random.default_rng(1)
    # Two instances that touch are two.
    instances = np.where(classes > 0, 1 + rng.integers(0, 3, classes.shape), 0)
    tally = Tally(LABELS, STAIN)
    for map_, mask, ids in zip(scores, classes, instances):
        tally.add(map_, mask, ids)
    threshold = bins.edges()[bins.of(np.array([3.3], np.float32))[0]]
    found = detection.recall_by_coverage(tally, 3.3)
    for name, value in (("dent", 1), ("scratch", 2), ("stain", 3)):
        shares = [
            (map_[inside] >= threshold).mean()
            for map_, mask, ids in zip(scores, classes, instances)
            for k in np.unique(ids[mask == value])
            if (inside := (mask == value) & (ids == k)).any()
        ]
        assert detection.instances(tally)[name] == len(shares)
        expected = [np.mean([share > 0 if c == 0 else share >= c for share in shares]) for c in COVERAGES]
        assert found[name] == pytest.approx(expected, abs=1e-12)
    assert detection.mean_recall(found, tally) == pytest.approx((found["dent"] + found["scratch"]) / 2)


def test_each_defect_is_told_by_its_size_and_contrast() -> None:
    rng = np.random.default_rng(0)
    scores = np.ones((160, 160), np.float32)
    classes, instances = np.zeros((160, 160), np.uint8), np.zeros((160, 160), int)
    known: dict[int, dict[str, Any]] = {}
    for number in range(1, 17):
        row, column = divmod(number - 1, 4)
        place = slice(40 * row, 40 * row + number), slice(40 * column, 40 * column + 10)
        classes[place], instances[place] = 1, number
        # The fainter half is not found; of the others, one pixel is.
        contrast = 17.0 - number
        known[number] = {"id": number, "diameter_mm": 2.0, "contrast": contrast, "visible": contrast > 4}
        scores[40 * row, 40 * column] = 5 if contrast > 8 else 1 + rng.random()
    classes[150:, 150:] = 2
    seen = list(singly.defects_of("a", scores, classes, instances, {"dent": 1}, known, 5.0))
    assert [(d.number, d.pixels, d.called) for d in seen] == [(n, 10 * n, int(n <= 8)) for n in range(1, 17)]
    assert seen[3].measures == {"diameter_px": pytest.approx(7.136, abs=1e-3), "diameter_mm": 2.0, "contrast": 13.0}
    groups = singly.by_measure(seen)
    # All have the same diameter in mm, which tells nothing.
    assert [(g["measure"], g["low"], g["high"], g["count"], g["found"]) for g in groups[4:]] == [
        ("contrast", 1, 4, 4, 0),
        ("contrast", 5, 8, 4, 0),
        ("contrast", 9, 12, 4, 1),
        ("contrast", 13, 16, 4, 1),
    ]
    assert [g["measure"] for g in groups[:4]] == ["diameter_px"] * 4
    assert groups[0]["pixels_found"] == 4 / 100
    told = singly.by_visibility(seen)
    assert told["visible"] == {"count": 12, "found": 8 / 12, "pixels_found": 8 / 780}
    assert told["invisible"]["count"] == 4 and told["invisible"]["found"] == 0
    # Without an instance mask each connected region is one, of which nothing more is known.
    regions = list(singly.defects_of("a", scores, classes, None, {"dent": 1}, known, 5.0))
    assert len(regions) == 16 and {d.visible for d in regions} == {None} and singly.by_visibility(regions) == {}


def test_without_instances_regions_are_counted() -> None:
    scores, classes = made(4, 96, seed=3)
    counted = detection.instances(tallied(scores, classes))
    for name, value in (("dent", 1), ("scratch", 2), ("stain", 3)):
        assert counted[name] == sum(label(mask == value, connectivity=2).max() for mask in classes)


def test_impurities_have_no_ids_and_are_counted_by_their_regions() -> None:
    classes = np.zeros((8, 8), np.uint8)
    classes[1:3, 1:3], classes[5, 1], classes[5, 6] = LABELS["dent"], LABELS["stain"], LABELS["stain"]
    scores = np.where(classes > 0, 2, 1).astype(np.float32)
    scores[5, 6] = 0.5
    tally = Tally(LABELS, STAIN)
    tally.add(scores, classes, (classes == LABELS["dent"]).astype(np.uint16))
    recalls = detection.recall_by_coverage(tally, 1.5)
    assert detection.instances(tally) == {"dent": 1, "stain": 2}
    assert recalls["dent"][0] == 1 and recalls["stain"][0] == 0.5


def test_empty_masks_have_scores() -> None:
    scores, classes = made(1, 32)
    tally = tallied(scores, classes)
    assert curves.auroc(tally.positive, tally.negative) is None
    assert curves.average_precision(tally.positive, tally.negative) is None
    assert curves.aupro(tally.overlap, tally.regions, tally.negative) is None
    assert thresholds.from_validation(tally) is None
    assert tally.mean_iou("dent") is None
    assert detection.mean_recall(detection.recall_by_coverage(tally, 1.0), tally) is None
    nothing_called = {name: values[-1] for name, values in curves.sweep(tally.positive, tally.negative).items()}
    assert nothing_called == dict.fromkeys(("precision", "recall", "f1", "f2", "iou"), 1.0)
    all_called = {name: values[0] for name, values in curves.sweep(tally.positive, tally.negative).items()}
    assert all_called == {"precision": 0.0, "recall": 1.0, "f1": 0.0, "f2": 0.0, "iou": 0.0}
    assert set(map(float, curves.scores_of(0, 0, 5).values())) == {0.0}


def test_value_without_a_label_is_refused() -> None:
    with pytest.raises(ValueError, match="the value 255"):
        Tally(LABELS).add(np.ones((2, 2), np.float32), np.full((2, 2), 255, np.uint8))


def test_thresholds_per_view_follow_their_views() -> None:
    scores, classes = made(9, 64)
    scores[1::2] *= 3
    found = thresholds.from_validation(tallied(scores, classes))
    assert found is not None
    assert found.of("view1") / found.of("view0") == pytest.approx(3, rel=0.15)
    assert found.of("a view that validation did not show") == found.overall
    called = scores[::2] >= np.float32(found.of("view0"))
    f1 = fbeta_score(np.isin(classes[::2], (1, 2)).ravel(), called.ravel(), beta=1)
    truth = np.isin(classes[::2], (1, 2)).ravel()
    # The grid of thresholds per view is coarse.
    best = max(fbeta_score(truth, scores[::2].ravel() >= cut, beta=1) for cut in np.unique(scores[::2])[::400])
    assert f1 >= best - 0.003


def test_thresholds_from_good_images() -> None:
    found = thresholds.from_good({"left": [1.0, 2.0, 9.0], "right": [4.0, 6.0]})
    assert (found.overall, found.of("left"), found.of("right")) == (4.0, 2.0, 5.0)
    assert thresholds.Thresholds(**thresholds.to_record(found)) == found


def test_memory_does_not_grow_with_images() -> None:
    scores, classes = made(2, 128)
    tally = tallied(scores, classes)
    tracemalloc.start()
    for _ in range(3):
        tally.add(scores[1], classes[1], view="view0")
    after_three = tracemalloc.get_traced_memory()[0]
    for _ in range(30):
        tally.add(scores[1], classes[1], view="view0")
    grown = tracemalloc.get_traced_memory()[0] - after_three
    tracemalloc.stop()
    assert grown < 20_000


def test_quality_index_is_that_of_the_equation() -> None:
    anomaly = np.random.default_rng(0).gamma(3, 10, (6, 4))
    anomaly[:, 3] = 7.0
    index = batches.quality_index(anomaly)
    for view in range(3):
        column = anomaly[:, view]
        expected = (column - column.min()) / np.sqrt(((column - column.mean()) ** 2).sum() / len(column))
        assert index[:, view] == pytest.approx(expected)
    assert (index[:, 3] == 0).all()


def test_control_chart_sees_the_bad_batch() -> None:
    anomaly = np.random.default_rng(0).normal(100, 5, (12, 8))
    anomaly[10] += 60
    chart = batches.control_chart(batches.quality_index(anomaly), in_order=np.arange(12) < 8)
    assert chart.out_of_control.tolist() == [10]
    assert chart.centre == pytest.approx(chart.values[:8].mean())
    assert chart.upper - chart.centre == pytest.approx(3 * np.abs(np.diff(chart.values[:8])).mean() / 1.128)


def test_principal_components_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(60, 10)) @ rng.normal(size=(10, 10))
    other = real[:20] + 2
    projection = domain.fit(real)
    peer = PCA(n_components=0.95, whiten=True).fit(real)
    assert projection.components.shape == peer.components_.shape
    assert np.abs(projection.apply(other)) == pytest.approx(np.abs(peer.transform(other)), abs=1e-6)


def test_domain_shift_is_the_frechet_distance() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(80, 6)) * np.array([5, 4, 3, 2, 1, 1])
    other = rng.normal(size=(50, 6)) * np.array([3, 3, 3, 3, 1, 1]) + 1.5
    projection = domain.fit(real)
    a, b = projection.apply(real), projection.apply(other)
    root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    squared = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert domain.shift(projection, other).distance == pytest.approx(np.sqrt(squared), abs=1e-6)
    assert domain.shift(projection, real).distance == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("features", "said"), [(np.ones((1, 3)), "two images"), (np.ones((5, 3)), "same features")])
def test_a_reference_that_cannot_be_fitted_is_refused(features: NDArray[np.float64], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        domain.fit(features)
