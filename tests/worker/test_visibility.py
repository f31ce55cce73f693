"""Contrast is what a defect changes over what noise does, whatever the noise of the measurement itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifests import schema
from worker.develop.camera import noise_deviation
from worker.develop.masks import Masks
from worker.develop.visibility import Sight, TwinPairs, measure_visibility

SIDE = 64
SQUARE = np.s_[20:40, 20:40]
LEVEL = 0.4


def manifest_of(without: str = "defects", **output: Any) -> schema.Manifest:
    data = {
        "name": "made",
        "part": {"file": "made.stl"},
        "camera": {"image_px": [SIDE, SIDE]},
        "defects": [{"kind": "dent"}, {"kind": "scratch"}],
        "impurities": [{"kind": "dust"}],
        "twin": {"without": [without]},
        "render": {"samples": 32},
        "output": {"view_transform": "linear", "bit_depth": 16, "flatten": True, **output},
    }
    return schema.from_dict(data)


def sight(
    change: float, paths: float, manifest: schema.Manifest, *, own: bool = True, seed: int = 0, level: float = LEVEL
) -> Sight:
    """Of a square of 400 pixels that adds ``change``, where path tracing has the deviation ``paths``.

    ``own``: whether the square has other paths of light in image and twin, as a dent has, or the same ones.
    """
    random = np.random.default_rng(seed)
    lights = []
    for scale in (1.0, np.sqrt(2.0)):  # the second pair has half the samples
        twin = level + scale * paths * random.standard_normal((SIDE, SIDE, 3))
        image = twin.copy()
        if own:
            image[SQUARE] = level + scale * paths * random.standard_normal(image[SQUARE].shape)
        image[SQUARE] += change
        lights += [image, twin]
    classes = np.zeros((SIDE, SIDE), dtype=np.uint8)
    classes[SQUARE] = 1
    classes[2:4, 2:4] = 3  # dust
    masks = Masks(classes, (classes == 1).astype(np.uint16))
    defects = [{"id": 1, "label": "dent"}, {"id": 2, "label": "scratch"}]
    return measure_visibility(TwinPairs(*(np.float32(light) for light in lights)), masks, manifest, defects)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("change", "paths"), [(0.03, 0.01), (-0.03, 0.03), (0.2, 0.02)])
def test_contrast_is_change_over_noise(change: float, paths: float, own: bool) -> None:
    found = sight(change, paths, manifest_of(), own=own).defects[1]
    assert found["contrast"] == pytest.approx(abs(change) / paths, rel=0.15)
    assert found["visible"]


def test_noise_of_the_sensor_and_of_rounding_count() -> None:
    noise = schema.Noise(full_well_e=1000, read_noise_e=10)
    deviation = float(noise_deviation(np.float32([LEVEL]), noise)[0])
    noisy = manifest_of(noise={"full_well_e": 1000, "read_noise_e": 10})
    assert sight(0.01, 1e-6, noisy).defects[1]["contrast"] == pytest.approx(0.01 / deviation, rel=0.05)
    step = 1 / 255
    coarse = sight(0.1 * step, 1e-6, manifest_of(bit_depth=8)).defects[1]
    assert coarse["contrast"] == pytest.approx(0.1 * np.sqrt(12), rel=0.05)


def test_what_changes_nothing_is_never_seen() -> None:
    # Its paths of light are others, so that image and twin differ in every pixel.
    for seed in range(40):
        found = sight(0.0, 0.05, manifest_of(), seed=seed)
        assert not found.defects[1]["visible"]
        assert not found.classes.any()
    contrasts = [sight(0.0, 0.05, manifest_of(), seed=seed).defects[1]["contrast"] for seed in range(40)]
    assert np.mean(np.square(contrasts)) < 0.1  # the noise of the difference would give 2


def test_large_areas_are_seen_through_more_noise() -> None:
    # Rose: 400 pixels show a contrast from 5 / 20 on.
    noisy = manifest_of(noise={"full_well_e": 1000, "read_noise_e": 10})
    deviation = float(noise_deviation(np.float32([LEVEL]), schema.Noise(1000, 10))[0])
    assert not sight(0.2 * deviation, 1e-6, noisy).defects[1]["visible"]
    seen = sight(0.3 * deviation, 1e-6, noisy)
    assert seen.defects[1]["visible"]
    assert (seen.classes[SQUARE] == 1).all()
    assert (seen.classes > 0).sum() == 400


def test_clipped_light_hides() -> None:
    assert sight(0.2, 0.01, manifest_of(), level=1.3).defects[1] == {"contrast": 0.0, "visible": False}


def test_only_the_pixels_that_change_are_marked() -> None:
    light = np.full((SIDE, SIDE, 3), LEVEL, dtype=np.float32)
    image = light.copy()
    image[20:40, 20:24] += 0.2
    classes = np.zeros((SIDE, SIDE), dtype=np.uint8)
    classes[SQUARE] = 1
    masks = Masks(classes, classes.astype(np.uint16))
    pairs = TwinPairs(image, light, image, light)
    found = measure_visibility(pairs, masks, manifest_of(), [{"id": 1, "label": "dent"}])
    assert (found.classes[20:40, 20:25] == 1).all()
    assert not found.classes[20:40, 25:].any()


def test_only_what_the_twin_lacks_is_measured() -> None:
    assert sight(0.1, 0.01, manifest_of("scratch")).defects == {}
    assert not sight(0.1, 0.01, manifest_of("scratch")).classes.any()
    light = np.full((SIDE, SIDE, 3), LEVEL, dtype=np.float32)
    image = light.copy()
    image[2:4, 2:4] += 0.2
    image[10:12, 2:4] += 1e-7
    classes = np.zeros((SIDE, SIDE), dtype=np.uint8)
    classes[2:4, 2:4] = classes[10:12, 2:4] = 3
    masks = Masks(classes, np.zeros((SIDE, SIDE), dtype=np.uint16))
    found = measure_visibility(TwinPairs(image, light, image, light), masks, manifest_of("impurities"), [])
    assert (found.classes == np.where(np.arange(SIDE)[:, None] < 5, classes, 0)).all()
    assert found.defects == {}
