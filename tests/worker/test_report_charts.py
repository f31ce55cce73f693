"""What the report draws and says: outlines, histograms, ticks, numbers and distributions in words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from manifests.distributions import Choice, Grid, LogUniform, LowDiscrepancy, Normal, Uniform
from manifests.showing import spread
from worker.report.charts import histogram, log_ticks, nice_ticks, number, unit_of
from worker.report.histograms import describe
from worker.report.pictures import dilate, outline, shrink


def test_outline_follows_the_edges_of_pixels() -> None:
    mask = np.zeros((4, 5), dtype=np.bool_)
    mask[1:3, 2:4] = True
    assert outline(mask) == "M2 1h2M2 3h2M2 1v2M4 1v2"
    assert outline(~mask | mask) == "M0 0h5M0 4h5M0 0v4M5 0v4"  # to the border, too
    assert outline(np.zeros((3, 3), dtype=np.bool_)) == ""


def test_small_defect_survives_shrinking_and_growing() -> None:
    mask = np.zeros((1000, 2000), dtype=np.bool_)
    mask[999, 1999] = True
    small = shrink(mask, 20, 10)
    assert np.argwhere(small).tolist() == [[9, 19]]
    grown = dilate(small, 2)
    assert np.argwhere(grown).tolist() == [[7, 19], [8, 18], [8, 19], [9, 17], [9, 18], [9, 19]]


def test_spread_shows_every_view_alike_and_the_whole_range() -> None:
    chosen = spread(list(range(4800)), 24, 4)
    assert len(chosen) == len(set(chosen)) == 24
    assert chosen == sorted(chosen)
    assert [sum(frame % 4 == view for frame in chosen) for view in range(4)] == [6, 6, 6, 6]
    assert max(np.diff([0, *chosen, 4799])) <= 400
    assert spread([3, 9], 24, 4) == [3, 9]


def test_bars_hold_every_value_and_stay_on_the_canvas() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    made = histogram(values, title="x", counted="frames", source=Normal(0.0, 1.0))
    counted = [int(bar.text.rsplit(": ", 1)[1].split()[0].replace(",", "")) for bar in made.bars]
    assert sum(counted) == 1000
    tallest = max(range(len(counted)), key=counted.__getitem__)
    assert made.bars[tallest].height == max(bar.height for bar in made.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= 350 and bar.y >= 0 for bar in made.bars)
    assert made.expected.startswith("M")
    assert "1,000 frames" in made.summary


def test_expected_line_is_level_for_a_uniform_source_whose_values_are_not() -> None:
    values = np.full(100, 0.1)
    values[0] = 0.9
    made = histogram(values, title="x", counted="frames", source=Uniform(0.0, 1.0))
    heights = {float(y) for y in re.findall(r" ([\d.]+)H", made.expected)}
    assert max(heights) - min(heights) < 1.0
    assert min(bar.y for bar in made.bars) < min(heights)
    # The axis is that of the source, not of the values.
    assert {"0", "1"} <= {tick.label for tick in made.x_ticks}


def test_options_that_did_not_occur_have_a_place() -> None:
    made = histogram(np.array([1.0, 1.0, 4.0]), title="x", counted="frames", source=Choice((1.0, 2.5, 4.0)))
    assert [tick.label for tick in made.x_ticks] == ["1", "2.5", "4"]
    assert [bar.text for bar in made.bars] == ["1: 2 frames", "4: 1 frames"]


@pytest.mark.parametrize(
    "values",
    [[5.0], [1e-12, 2e-12], [1e9, 1e9 + 1], [-1e6, 1e6], [0.1 + 0.2, 0.3], [0.0, 1e-300]],
)
def test_extreme_values_have_a_histogram(values: list[float]) -> None:
    made = histogram(np.array(values), title="x", counted="frames")
    assert made.bars
    assert all(np.isfinite([bar.x, bar.y, bar.width, bar.height]).all() for bar in made.bars)


def test_logarithmic_axis() -> None:
    made = histogram(np.array([1.0, 10.0, 100.0, 1000.0]), title="x", counted="sightings", logarithmic=True)
    assert made.logarithmic
    places = [tick.at for tick in made.x_ticks if tick.label in ("1", "10", "100", "1,000")]
    assert np.ptp(np.diff(places)) < 0.1
    assert [label for _, label in log_ticks(0.0, 1.0)] == ["1", "2", "5", "10"]


def test_ticks_are_round_numbers() -> None:
    assert nice_ticks(0.0, 1.0, 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert nice_ticks(-7.0, 23.0, 6) == pytest.approx([-5, 0, 5, 10, 15, 20])


def test_numbers_for_people() -> None:
    shown = [number(value) for value in (0.0, -0.0, 3.0, -3.25, 12345.0, 0.000123, 1e-7, 2.5e8, 0.30000000000000004)]
    assert shown == ["0", "0", "3", "−3.25", "12,345", "0.000123", "1e−07", "2.5e+08", "0.3"]


def test_units_come_from_names() -> None:
    names = ["depth_mm", "part.rotation_deg[2]", "lights[0].radiance", "surface.roughness", "output.exposure_stops"]
    assert [unit_of(name) for name in names] == ["mm", "°", "W/(m² sr)", "", "stops"]


def test_distributions_in_words() -> None:
    assert describe(2.0) == "always 2"
    assert describe(Uniform(0.0, 1.5)) == "uniform 0 to 1.5"
    assert describe(LogUniform(0.1, 10.0)) == "log-uniform 0.1 to 10"
    assert describe(LowDiscrepancy(-1.0, 1.0)) == "low-discrepancy −1 to 1"
    assert describe(Normal(1.0, 0.5)) == "normal 1 ± 0.5"
    assert describe(Normal(1.0, 0.5, low=0.0)) == "normal 1 ± 0.5, at least 0"
    assert describe(Grid(0.0, 1.0, 5, 2)) == "grid of 5 steps, 0 to 1, held for 2"
    assert describe(Choice((1.0, 2.0), (3.0, 1.0))) == "one of 1 (weight 3), 2 (weight 1)"
