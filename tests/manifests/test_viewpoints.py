"""View plans: every pose is a rotation, looks where it should and holds the part in the image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from manifests import viewpoints
from manifests.distributions import Floats
from manifests.errors import ManifestError
from manifests.schema import Camera, Fibonacci, Hemisphere, Pose, Poses, Ring, Scanner, ViewGrid, Views
from manifests.viewpoints import Bounds, Viewpoints

COORDINATE = st.floats(-1000, 1000)
POINT = st.tuples(COORDINATE, COORDINATE, COORDINATE)
BOUNDS = st.builds(Bounds, POINT, st.floats(0.01, 1000))


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    image = draw(st.tuples(st.integers(8, 2000), st.integers(8, 2000)))
    left, top, right, bottom = draw(st.tuples(*[st.integers(0, 500)] * 4))
    region = (left, top, *image) if draw(st.booleans()) else None
    camera = Camera(
        sensor_width_mm=draw(st.floats(1, 100)),
        sensor_px=(left + image[0] + right, top + image[1] + bottom),
        image_px=image,
        region_px=region,
        focal_length_mm=draw(st.floats(2, 500)),
    )
    assume(camera.reach_mm() > 0.01)
    return camera


DISTANCE = st.none() | st.floats(1, 5000)
TARGET = st.none() | POINT
ELEVATIONS = st.tuples(st.floats(-90, 90), st.floats(-90, 90)).map(sorted)


@st.composite
def view_plans(draw: st.DrawFn) -> Views:
    kind = draw(st.sampled_from(["poses", "ring", "hemisphere", "fibonacci", "grid", "scanner"]))
    if kind == "poses":
        poses = draw(st.lists(st.builds(Pose, POINT, POINT, st.floats(-360, 360)), min_size=1, max_size=5))
        assume(all(math.dist(pose.location_mm, pose.target_mm) > 1e-3 for pose in poses))
        return Poses(tuple(poses))
    distance, target = draw(DISTANCE), draw(TARGET)
    if kind in ("hemisphere", "fibonacci"):
        low, high = draw(ELEVATIONS)
        lattice = Hemisphere if kind == "hemisphere" else Fibonacci
        return lattice(draw(st.integers(1, 40)), draw(st.floats(-720, 720)), low, high, distance, target)
    elevation = draw(st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0]))
    if kind == "grid":
        spacing = draw(st.none() | st.tuples(st.floats(0.1, 500), st.floats(0.1, 500)))
        columns, rows, azimuth = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.floats(-720, 720))
        return ViewGrid(columns, rows, azimuth, elevation, spacing, draw(st.floats(0, 0.95)), distance, target)
    if kind == "scanner":
        # A curve above everything that is looked at.
        curve = draw(st.lists(st.tuples(COORDINATE, COORDINATE, st.floats(1001, 3000)), min_size=2, max_size=5))
        steps, every, baseline = draw(st.integers(1, 60)), draw(st.integers(1, 20)), draw(st.floats(0.1, 500))
        return Scanner(tuple(curve), steps, every, baseline, target)
    return Ring(
        count=draw(st.integers(1, 12)),
        start_deg=draw(st.floats(-720, 720)),
        span_deg=draw(st.floats(-360, 360)),
        elevation_deg=elevation,
        distance_mm=distance,
        target_mm=target,
    )


def matrix(quaternion: Floats) -> Floats:
    w, x, y, z = quaternion
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


@settings(max_examples=300)
@given(views=view_plans(), camera=cameras(), bounds=BOUNDS)
def test_poses_are_rotations_that_look_at_their_targets(views: Views, camera: Camera, bounds: Bounds) -> None:
    plan = viewpoints.plan(views, camera, bounds)
    assert len(plan.locations_mm) == views.count
    for location, rotation, target in zip(plan.locations_mm, plan.rotations, plan.targets_mm):
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-12)
        back = location - target
        np.testing.assert_allclose(rotation[:, 2], back / np.linalg.norm(back), atol=1e-9)
    for row, location, rotation in zip(plan.columns(), plan.locations_mm, plan.rotations):
        np.testing.assert_array_equal(row[:3], location)
        assert np.linalg.norm(row[3:7]) == pytest.approx(1, abs=1e-12)
        assert row[3] >= 0
        np.testing.assert_allclose(matrix(row[3:7]), rotation, atol=1e-9)


def project(points: Floats, plan: Viewpoints, view: int, camera: Camera) -> Floats:
    """(n, 2) places of (n, 3) points in the image, 0 to 1 from left to right and top to bottom."""
    local = (points - plan.locations_mm[view]) @ plan.rotations[view]
    assert (local[:, 2] < 0).all(), "a point lies behind the camera"
    on_sensor_mm = local[:, :2] / -local[:, 2:] * camera.focal_length_mm
    pixel_mm = camera.sensor_width_mm / camera.sensor_px[0]
    left, top, width, height = camera.region()
    x = camera.sensor_px[0] / 2 + on_sensor_mm[:, 0] / pixel_mm
    y = camera.sensor_px[1] / 2 - on_sensor_mm[:, 1] / pixel_mm
    return np.column_stack([(x - left) / width, (y - top) / height])


def horizon(bounds: Bounds, eye: Floats) -> Floats:
    """(720, 3) points at which rays from an eye touch the sphere: the outline that it shows."""
    back = eye - np.array(bounds.center_mm)
    away = float(np.linalg.norm(back))
    assert away > bounds.radius_mm
    back /= away
    one = np.cross(back, np.eye(3)[np.argmin(np.abs(back))])
    one /= np.linalg.norm(one)
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)[:, None]
    beside = np.cos(turn) * one + np.sin(turn) * np.cross(back, one)
    sine = bounds.radius_mm / away
    touching: Floats = np.array(bounds.center_mm) + bounds.radius_mm * (sine * back + math.sqrt(1 - sine**2) * beside)
    return touching


@settings(max_examples=300)
@given(
    camera=cameras(), bounds=BOUNDS, elevation=st.floats(-90, 90), target=st.none() | POINT, count=st.integers(1, 5)
)  # fmt: skip
def test_fitted_sphere_stays_in_the_image(
    camera: Camera, bounds: Bounds, elevation: float, target: tuple[float, float, float] | None, count: int
) -> None:
    ring = Ring(count=count, elevation_deg=elevation, target_mm=target)
    plan = viewpoints.plan(ring, camera, bounds)
    places = np.array([project(horizon(bounds, plan.locations_mm[view]), plan, view, camera) for view in range(count)])
    assert places.min() >= 0
    assert places.max() <= 1
    if target is None and camera.region_px is None and count == 1:
        # And no farther away than need be: it fills nearly all of the shorter side.
        spans = places.max(axis=(0, 1)) - places.min(axis=(0, 1))
        assert spans.max() > 0.9


def test_field_of_view_too_narrow_is_refused_by_name() -> None:
    with pytest.raises(ManifestError) as caught:
        viewpoints.plan(Ring(), Camera(focal_length_mm=1e9), Bounds((0.0, 0.0, 0.0), 1.0))
    assert caught.value.field == "views.distance_mm"


@pytest.mark.parametrize(
    ("azimuth", "elevation", "location", "right", "up"),
    [
        (0, 0, (0, -10, 0), (1, 0, 0), (0, 0, 1)),
        (90, 0, (10, 0, 0), (0, 1, 0), (0, 0, 1)),
        (180, 0, (0, 10, 0), (-1, 0, 0), (0, 0, 1)),
        (0, 90, (0, 0, 10), (1, 0, 0), (0, 1, 0)),
    ],
)
def test_ring_turns_as_documented(
    azimuth: float, elevation: float, location: Floats, right: Floats, up: Floats
) -> None:
    ring = Ring(start_deg=azimuth, elevation_deg=elevation, distance_mm=10, target_mm=(0.0, 0.0, 0.0))
    plan = viewpoints.plan(ring, Camera(), Bounds((0.0, 0.0, 0.0), 1.0))
    np.testing.assert_allclose(plan.locations_mm[0], location, atol=1e-12)
    np.testing.assert_allclose(plan.rotations[0][:, 0], right, atol=1e-9)
    np.testing.assert_allclose(plan.rotations[0][:, 1], up, atol=1e-9)


def azimuths(ring: Ring) -> list[float]:
    locations = viewpoints.plan(ring, Camera(), Bounds((0.0, 0.0, 0.0), 1.0)).locations_mm
    return [round(math.degrees(math.atan2(x, -y)) % 360, 6) % 360 for x, y, _ in locations]


def test_full_circle_is_divided_evenly_and_an_arc_from_end_to_end() -> None:
    assert azimuths(Ring(count=4, distance_mm=10)) == [0, 90, 180, 270]
    assert azimuths(Ring(count=3, distance_mm=10, span_deg=60)) == [0, 30, 60]
    assert azimuths(Ring(count=3, distance_mm=10, start_deg=30, span_deg=-60)) == [30, 0, 330]
    assert azimuths(Ring(count=1, distance_mm=10, start_deg=30, span_deg=60)) == [30]


def test_roll_turns_the_camera_counter_clockwise_about_its_line_of_sight() -> None:
    upright = viewpoints.look_at(np.array([0.0, -1.0, 0.0]))
    rolled = viewpoints.look_at(np.array([0.0, -1.0, 0.0]), 90)
    np.testing.assert_allclose(rolled[:, 0], upright[:, 1], atol=1e-12)
    np.testing.assert_allclose(rolled[:, 1], -upright[:, 0], atol=1e-12)


@given(points=st.lists(POINT, min_size=1, max_size=20))
def test_bounds_hold_every_point(points: list[tuple[float, float, float]]) -> None:
    bounds = Bounds.of(np.array(points))
    distances = np.linalg.norm(np.array(points) - bounds.center_mm, axis=1)
    assert distances.max() == pytest.approx(bounds.radius_mm, abs=1e-9)
