"""Patterns: what differs from the sound picture is what the mask marks, and a frame is the same whoever draws it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.sampling import Table
from manifests.schema import Manifest, from_dict
from worker.patterns import Drawing, draw_pattern
from worker.patterns.anomalies import anomalies
from worker.patterns.chess import deformation, square_wave


def pattern(kind: str, seed: int = 1, **fields: Any) -> Manifest:
    """Three anomalies of many sizes in each of four instances."""
    sizes = {"chess": {"diameter_px": [8, 40]}, "noise": {"length_px": [8, 90], "angle_deg": [-90, 90]}}[kind]
    drawn = {name: {"kind": "uniform", "low": low, "high": high} for name, (low, high) in sizes.items()}
    data = {"kind": kind, "count": 3, **drawn, **fields}
    return from_dict(
        {"name": "a", "seed": seed, "instances": 4, "pattern": data, "camera": {"image_px": [120, 90]}, "repeats": 2}
    )


def drawing(manifest: Manifest, frame: int) -> Drawing:
    return draw_pattern(Table(manifest, None), frame)[0]


@settings(max_examples=25)
@given(st.sampled_from(["chess", "noise"]), st.integers(0, 2**63 - 1), st.integers(0, 7))
def test_outside_the_mask_nothing_differs_from_the_sound_picture(kind: str, seed: int, frame: int) -> None:
    made, sound = drawing(pattern(kind, seed), frame), drawing(pattern(kind, seed, count=0), frame)
    assert not sound.ids.any() and not sound.anomalies
    assert np.array_equal(made.light[made.ids == 0], sound.light[made.ids == 0])
    assert (made.light != sound.light).any()
    assert set(np.unique(made.ids)) - {0} <= {each["id"] for each in made.anomalies}
    assert len(made.anomalies) + len(made.warnings) == 3


@pytest.mark.parametrize("kind", ["chess", "noise"])
def test_a_frame_depends_on_seed_and_instance_alone(kind: str) -> None:
    frames = [drawing(pattern(kind), frame) for frame in range(8)]
    again = drawing(pattern(kind), 5)
    assert np.array_equal(again.light, frames[5].light) and again.anomalies == frames[5].anomalies
    assert np.array_equal(frames[4].light, frames[5].light)  # two repeats of one instance
    assert not np.array_equal(frames[2].ids, frames[4].ids)
    assert not np.array_equal(drawing(pattern(kind, 2), 5).light, frames[5].light)
    fewer = drawing(pattern(kind, count={"kind": "grid", "low": 1, "high": 3, "steps": 2}), 0)
    assert fewer.anomalies[0] == frames[0].anomalies[0]


def test_squares_of_whole_pixels_are_black_and_white_and_of_one_size() -> None:
    light = drawing(pattern("chess", count=0, square_px=15, dark=0.1, bright=0.9), 0).light
    board = np.add.outer(np.arange(90) // 15, np.arange(120) // 15) % 2
    assert np.allclose(light, np.where(board, 0.9, 0.1))


def test_mask_of_what_changed_is_where_the_picture_differs_by_half_of_its_contrast() -> None:
    grey = {"mask": "changed", "dark": 0.2, "bright": 0.8}
    made, sound = drawing(pattern("chess", **grey), 0), drawing(pattern("chess", **grey, count=0), 0)
    assert np.array_equal(made.ids > 0, np.abs(made.light - sound.light) > 0.3)
    whole = drawing(pattern("chess", dark=0.2, bright=0.8), 0)
    assert np.array_equal(made.light, whole.light) and (whole.ids[made.ids > 0] == made.ids[made.ids > 0]).all()
    assert 0 < (made.ids > 0).sum() < (whole.ids > 0).sum()


def test_a_square_that_begins_within_a_pixel_has_its_share_of_it() -> None:
    assert square_wave(np.array([0.5, 3.5, 4.5]), 3.25).tolist() == [1.0, -0.5, -1.0]


def test_the_deformation_has_the_strength_and_the_smoothness_that_it_is_told() -> None:
    x, y = np.meshgrid(np.arange(400.0), np.arange(400.0))
    inside = 150 - np.hypot(x - 200, y - 200)
    manifest = pattern("chess", displacement_px=4, smoothing_px=6)
    assert manifest.pattern is not None
    field = deformation(next(anomalies(manifest, manifest.pattern, 0)), inside)
    middle = inside > 6  # within, where it does not fade
    assert np.hypot(*field)[middle].std() < 4
    assert np.sqrt((field[:, middle] ** 2).sum(axis=0).mean()) == pytest.approx(4, rel=0.05)
    # Of noise behind a Gaussian kernel of deviation s, neighbours d apart correlate by exp(-d^2 / 4 s^2).
    flow = field[0, 140:260, 140:260]
    assert np.corrcoef(flow[:, :-6].ravel(), flow[:, 6:].ravel())[0, 1] == pytest.approx(np.exp(-0.25), abs=0.06)
    assert not field[:, inside <= 0].any()


def test_intensities_are_gaussian() -> None:
    light = drawing(pattern("noise", count=0, mean=0.4, deviation=0.2), 0).light
    scores = (light - 0.4) / 0.2
    assert abs(scores.mean()) < 0.04 and abs(scores.std() - 1) < 0.03
    assert np.mean(np.abs(scores) < 1) == pytest.approx(0.683, abs=0.015)


def test_a_line_is_as_long_and_as_wide_as_it_is_told() -> None:
    fields = {"length_px": 80, "width_px": 5, "wobble_px": 0, "angle_deg": 0, "intensity": 0.9, "count": 1}
    made = drawing(pattern("noise", **fields), 0)
    rows, columns = np.nonzero(made.ids)
    assert rows.max() - rows.min() + 1 == pytest.approx(5, abs=1)
    assert columns.max() - columns.min() + 1 == pytest.approx(85, abs=1)
    assert (made.light[made.ids == 1] == 0.9).all()


def test_a_region_is_as_large_as_it_is_told() -> None:
    made = drawing(pattern("chess", diameter_px=40, count=1), 0)
    (x, y), rows_columns = made.anomalies[0]["position_px"], np.argwhere(made.ids == 1)
    assert len(rows_columns) == pytest.approx(np.pi * 20**2, rel=0.02)
    assert np.allclose(rows_columns.mean(axis=0) + 0.5, [y, x], atol=0.3)
