"""Hemispheres and lattices are even, grids lie in a plane and cover, scanners keep their baseline on their curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests import viewpoints
from manifests.errors import ManifestError
from manifests.fields import from_dict
from manifests.schema import Camera, Fibonacci, Hemisphere, Scanner, Vector, ViewGrid
from manifests.viewpoints import Bounds, Viewpoints
from manifests.viewpoints.arrangements import bezier, rings

from .test_viewpoints import BOUNDS, ELEVATIONS, POINT, cameras, project

ORIGIN = Bounds((0.0, 0.0, 0.0), 1.0)


def directions(plan: Viewpoints) -> np.ndarray:
    return plan.rotations[:, :, 2]


def elevations_deg(plan: Viewpoints) -> np.ndarray:
    return np.degrees(np.arcsin(np.clip(directions(plan)[:, 2], -1, 1)))


@settings(max_examples=200, deadline=None)
@given(count=st.integers(1, 150), ends=ELEVATIONS)
def test_rings_share_out_the_views_from_low_to_high(count: int, ends: list[float]) -> None:
    found = rings(count, *ends)
    assert sum(number for _, number in found) == count
    assert all(number >= 1 for _, number in found)
    heights = [elevation for elevation, _ in found]
    assert heights == sorted(heights)
    assert ends[0] - 1e-9 <= heights[0] <= heights[-1] <= ends[1] + 1e-9
    if len(found) > 1:
        np.testing.assert_allclose([heights[0], heights[-1]], ends)
        np.testing.assert_allclose(np.diff(heights), (ends[1] - ends[0]) / (len(found) - 1))


@pytest.mark.parametrize("count", [10, 16, 24, 50, 106, 300])
@pytest.mark.parametrize("lattice", [Hemisphere, Fibonacci])
def test_views_are_about_equally_far_apart(lattice: type[Hemisphere] | type[Fibonacci], count: int) -> None:
    plan = viewpoints.plan(lattice(count=count), Camera(), ORIGIN)
    apart = np.degrees(np.arccos(np.clip(directions(plan) @ directions(plan).T, -1, 1)))
    nearest = (apart + 360 * np.eye(count)).min(axis=1)
    # One view has the solid angle of a disc of this radius.
    share = math.degrees(math.acos(1 - 1 / count))
    assert nearest.min() > 0.9 * share
    # And no direction is far from all views.
    probes = directions(viewpoints.plan(Fibonacci(count=3000), Camera(), ORIGIN))
    holes = np.degrees(np.arccos(np.clip(probes @ directions(plan).T, -1, 1))).min(axis=1)
    assert holes.max() < 2.2 * share


@settings(max_examples=200, deadline=None)
@given(count=st.integers(1, 60), ends=ELEVATIONS, distance=st.floats(1, 1000), target=POINT)
def test_lattices_keep_their_elevations_and_distance(
    count: int, ends: list[float], distance: float, target: Vector
) -> None:
    for lattice in (Hemisphere, Fibonacci):
        plan = viewpoints.plan(lattice(count, 0.0, *ends, distance, target), Camera(), ORIGIN)
        np.testing.assert_allclose(np.linalg.norm(plan.locations_mm - target, axis=1), distance, rtol=1e-6)
        assert elevations_deg(plan).min() >= ends[0] - 1e-3
        assert elevations_deg(plan).max() <= ends[1] + 1e-3


def test_hemisphere_of_sixteen_is_three_rings() -> None:
    assert rings(16, 0, 90) == [(0.0, 9), (45.0, 6), (90.0, 1)]
    assert rings(5, 30, 30) == [(30.0, 5)]
    assert rings(6, -90, 90) == [(-90.0, 1), (0.0, 4), (90.0, 1)]


GRIDS = st.builds(
    ViewGrid,
    columns=st.integers(1, 5),
    rows=st.integers(1, 5),
    azimuth_deg=st.floats(-360, 360),
    elevation_deg=st.floats(-90, 90),
    overlap=st.floats(0, 0.9),
    spacing_mm=st.none() | st.tuples(st.floats(1, 100), st.floats(1, 100)),
)


@settings(max_examples=200, deadline=None)
@given(grid=GRIDS, camera=cameras(), bounds=BOUNDS)
def test_grid_looks_one_way_from_a_plane_and_is_centred(grid: ViewGrid, camera: Camera, bounds: Bounds) -> None:
    plan = viewpoints.plan(grid, camera, bounds)
    scale = max(1.0, float(np.abs(plan.locations_mm).max()))
    np.testing.assert_allclose(plan.rotations - plan.rotations[0], 0, atol=1e-9 * scale)
    np.testing.assert_allclose(plan.targets_mm.mean(axis=0), bounds.center_mm, atol=1e-9 * scale)
    local = (plan.locations_mm - bounds.center_mm) @ plan.rotations[0]
    assert np.ptp(local[:, 2]) < 1e-9 * scale
    assert local[0, 2] > bounds.radius_mm
    # Reading order: columns to the right, rows downwards.
    places = local.reshape(grid.rows, grid.columns, 3)
    assert (np.diff(places[..., 0], axis=1) > 0).all()
    assert (np.diff(places[..., 1], axis=0) < 0).all()
    if grid.spacing_mm is not None:
        np.testing.assert_allclose(np.diff(places[..., 0], axis=1), grid.spacing_mm[0], atol=1e-9 * scale)
        np.testing.assert_allclose(-np.diff(places[..., 1], axis=0), grid.spacing_mm[1], atol=1e-9 * scale)


@settings(max_examples=200, deadline=None)
@given(grid=GRIDS, camera=cameras(), bounds=BOUNDS)
def test_fitted_grid_holds_the_outline_in_its_images_together(grid: ViewGrid, camera: Camera, bounds: Bounds) -> None:
    region = camera.region()
    centred = abs(region[0] + region[2] / 2 - camera.sensor_px[0] / 2) < 1
    centred &= abs(region[1] + region[3] / 2 - camera.sensor_px[1] / 2) < 1
    plan = viewpoints.plan(grid, camera, bounds)
    right, up, _ = plan.rotations[0].T
    r = 0.9 * bounds.radius_mm
    corners = [np.array(bounds.center_mm) + r * (a * right + b * up) for a in (-1, 1) for b in (-1, 1)]
    if grid.spacing_mm is None and centred:
        for corner in corners:
            assert any(
                0 <= place[0] <= 1 and 0 <= place[1] <= 1
                for place in (project(corner[None], plan, view, camera)[0] for view in range(grid.count))
            )


@settings(max_examples=200, deadline=None)
@given(columns=st.integers(2, 5), overlap=st.floats(0, 0.9), camera=cameras())
def test_neighbours_of_a_grid_overlap_by_the_share_asked_for(columns: int, overlap: float, camera: Camera) -> None:
    plan = viewpoints.plan(ViewGrid(columns, 1, overlap=overlap, distance_mm=100.0), camera, ORIGIN)
    # Where the target of the first view lies in the image of the second, against its own.
    first = project(plan.targets_mm[:1], plan, 0, camera)[0]
    second = project(plan.targets_mm[:1], plan, 1, camera)[0]
    assert first[0] - second[0] == pytest.approx(1 - overlap, abs=1e-6)
    assert first[1] == pytest.approx(second[1], abs=1e-6)


def test_grid_of_twelve_above_a_plate() -> None:
    plan = viewpoints.plan(ViewGrid(4, 3, spacing_mm=(30.0, 20.0), distance_mm=200.0), Camera(), ORIGIN)
    assert len(plan.locations_mm) == 12
    np.testing.assert_allclose(plan.locations_mm[0], (-45, 20, 200), atol=1e-9)
    np.testing.assert_allclose(plan.locations_mm[-1], (45, -20, 200), atol=1e-9)


CURVES = st.lists(st.tuples(*[st.floats(-500, 500)] * 2, st.floats(10, 500)), min_size=2, max_size=6).map(tuple)


@settings(max_examples=200, deadline=None)
@given(curve=CURVES, steps=st.integers(1, 50), every=st.integers(1, 12), baseline=st.floats(0.1, 200))
def test_scanner_keeps_its_baseline_on_its_curve(
    curve: tuple[Vector, ...], steps: int, every: int, baseline: float
) -> None:
    plan = viewpoints.plan(Scanner(curve, steps, every, baseline), Camera(), ORIGIN)
    left, right = plan.locations_mm[0::2], plan.locations_mm[1::2]
    assert len(left) == len(right) == math.ceil(steps / every)
    np.testing.assert_allclose(np.linalg.norm(right - left, axis=1), baseline)
    np.testing.assert_allclose(plan.targets_mm, 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))
    # Bernstein's form of the curve.
    n = len(curve) - 1
    for i, middle in enumerate((left + right) / 2):
        t = i * every / max(1, steps - 1)
        weights = [math.comb(n, k) * t**k * (1 - t) ** (n - k) for k in range(n + 1)]
        np.testing.assert_allclose(middle, np.array(weights) @ np.array(curve), atol=1e-9)
    # Both images are level with the baseline, which has no part along their up.
    for images in (plan.rotations[0::2], plan.rotations[1::2]):
        np.testing.assert_allclose(np.einsum("vd,vd->v", right - left, images[:, :, 1]), 0, atol=1e-6)
        assert np.einsum("vd,vd->v", right - left, images[:, :, 0]).min() > 0


def test_scanner_of_the_brick_paper_has_24_views() -> None:
    scanner = Scanner(((-200.0, -300.0, 300.0), (-60.0, -200.0, 450.0), (60.0, -200.0, 450.0), (200.0, -300.0, 300.0)))
    plan = viewpoints.plan(scanner, Camera(), ORIGIN)
    assert scanner.count == len(plan.locations_mm) == 24
    middles = (plan.locations_mm[0::2] + plan.locations_mm[1::2]) / 2
    np.testing.assert_allclose(middles[[0, -1]], [scanner.curve_mm[0], scanner.curve_mm[-1]])
    assert Scanner(scanner.curve_mm, steps=240, every=20).count == 24


def test_bezier_of_two_points_is_the_line() -> None:
    np.testing.assert_allclose(bezier(np.array([[0.0, 0, 0], [4.0, 8, 0]]), 0.25), [1, 2, 0])


@pytest.mark.parametrize(
    ("owner", "data", "field"),
    [
        (Hemisphere, {"low_deg": 50, "high_deg": 40}, "views.high_deg"),
        (Fibonacci, {"low_deg": 50, "high_deg": 40}, "views.high_deg"),
        (ViewGrid, {"overlap": 1}, "views.overlap"),
        (ViewGrid, {"spacing_mm": [0, 1]}, "views.spacing_mm[0]"),
        (Scanner, {"curve_mm": [[0, 0, 1]]}, "views.curve_mm"),
        (Scanner, {"curve_mm": [[0, 0, 1], [0, 0, 0]], "target_mm": [0, 0, 0]}, "views.curve_mm[1]"),
        (Scanner, {}, "views.curve_mm"),
    ],
)
def test_mistake_is_named(owner: type, data: dict[str, object], field: str) -> None:
    with pytest.raises(ManifestError) as caught:
        from_dict(owner, data, "views")
    assert caught.value.field == field


def test_curve_through_what_is_looked_at_is_refused() -> None:
    with pytest.raises(ManifestError) as caught:
        viewpoints.plan(Scanner(((-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)), steps=3), Camera(), ORIGIN)
    assert caught.value.field == "views.curve_mm"
