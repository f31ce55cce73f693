"""Camera poses from matched points, over hundreds of random parts, cameras and errors of the hand."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.geometry.pose import Lens, PoseError, project, solve

LENS = Lens(1500.0, (320.0, 250.0))


def random_camera(random: np.random.Generator, distance_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """A camera anywhere that looks about at the origin, turned about its line of sight at will."""
    back = random.standard_normal(3)
    back /= np.linalg.norm(back)
    right = np.cross(back, random.standard_normal(3))
    right /= np.linalg.norm(right)
    rotation = np.column_stack([right, np.cross(back, right), back])
    return distance_mm * back + random.uniform(-5, 5, 3), rotation


def random_points(random: np.random.Generator, number: int, flat: bool) -> np.ndarray:
    points = random.uniform(-25, 25, (number, 3))
    if flat:
        points[:, 2] = 7.0
    return points


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("number", [5, 6, 12])
def test_the_camera_is_found_to_the_last_digit(number: int, flat: bool) -> None:
    """From five points on: four, and without an error, may leave a second pose that fits as well."""
    random = np.random.default_rng(number + 100 * flat)
    found = 0
    for _ in range(60):
        location, rotation = random_camera(random, random.uniform(120, 900))
        points = random_points(random, number, flat)
        try:
            pose = solve(points, project(points, location, rotation, LENS), LENS)
        except PoseError:  # a plane from its side
            assert flat
            continue
        found += 1
        assert pose.residual_px < 1e-5
        assert pose.location_mm == pytest.approx(location, abs=1e-3)
        assert pose.rotation == pytest.approx(rotation, abs=1e-5)
    assert found > 50


@pytest.mark.parametrize("flat", [False, True])
def test_with_a_shaky_hand_the_error_is_what_the_spread_says(flat: bool) -> None:
    random = np.random.default_rng(7 + flat)
    noise_px, ratios = 1.0, []
    for _ in range(200):
        location, rotation = random_camera(random, random.uniform(150, 500))
        if flat and abs(location[2]) < 0.4 * np.linalg.norm(location):
            continue
        points = random_points(random, 8, flat)
        pixels = project(points, location, rotation, LENS) + noise_px * random.standard_normal((8, 2))
        pose = solve(points, pixels, LENS)
        assert pose.residual_px < 3 * noise_px
        # No pose is better than that of least squares: not even the true one.
        true = np.sqrt(((project(points, location, rotation, LENS) - pixels) ** 2).sum(axis=1).mean())
        assert pose.residual_px <= true * (1 + 1e-9)
        ratios.append(np.linalg.norm(pose.location_mm - location) / pose.spread_mm)
    assert np.median(ratios) < 1.5
    assert np.quantile(ratios, 0.95) < 4
    assert np.median(ratios) > 0.3


def test_four_points_fit_and_mostly_tell_the_camera() -> None:
    random = np.random.default_rng(3)
    right = 0
    for _ in range(100):
        location, rotation = random_camera(random, 300)
        points = random_points(random, 4, flat=False)
        try:
            pose = solve(points, project(points, location, rotation, LENS), LENS)
        except PoseError:
            continue
        assert pose.residual_px < 1e-4
        right += bool(np.linalg.norm(pose.location_mm - location) < 0.1)
    assert right > 80


def _square() -> tuple[np.ndarray, np.ndarray]:
    points = np.array([[-20, -20, 0], [20, -20, 0], [20, 20, 0], [-20, 20, 0], [0, 0, 15]], dtype=float)
    rotation = np.eye(3)
    return points, project(points, np.array([5.0, -8.0, 300.0]), rotation, LENS)


def test_what_tells_no_pose_is_refused_in_words() -> None:
    points, pixels = _square()
    line = np.linspace([-20, 0, 0], [20, 10, 5], 5)
    seen = project(line, np.array([0, 0, 300.0]), np.eye(3), LENS)
    edge_on = np.column_stack([np.linspace(100, 500, 5), np.full(5, 200.0)])
    cases = (
        (points[:3], pixels[:3], "needs 4 points or more; there are 3"),
        (points[[0, 1, 2, 2]], pixels[[0, 1, 2, 2]], "different places of the part"),
        (points[:4], pixels[[0, 1, 2, 2]], "different places of the photograph"),
        (line, seen, "on one line in the part"),
        (points, edge_on, "on one line in the photograph"),
        (1e-4 * points, 250 + 1e-4 * (pixels - 250), "hardly tell"),
    )
    for some, where, words in cases:
        with pytest.raises(PoseError, match=words):
            solve(some, where, LENS)


def test_a_wrong_match_shows_in_its_own_error_or_is_refused() -> None:
    points, pixels = _square()
    points = np.vstack([points, points[:4] - (0, 0, 30)])
    pixels = project(points, np.array([60.0, -80.0, 280.0]), np.eye(3), LENS)
    wrong = pixels.copy()
    wrong[6] += 25, -10
    pose = solve(points, wrong, LENS)
    assert int(np.argmax(pose.errors_px)) == 6
    assert pose.residual_px > 3
    # A mirrored photograph: no camera that is right side out sees it, and what is found says how badly it fits.
    assert solve(points, pixels * (-1, 1) + (640, 0), LENS).residual_px > 5
