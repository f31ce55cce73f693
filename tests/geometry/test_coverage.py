"""What views see of a surface: rays against brute force, resolutions against pictures, choices against the optimum."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blender_addon.geometry.coverage.candidates import candidates, sphere, standoffs_mm
from blender_addon.geometry.coverage.picture import colours, look
from blender_addon.geometry.coverage.planner import GOAL, choose, coverage, planned, reach
from blender_addon.geometry.coverage.rays import first_hit, is_hidden, meet
from blender_addon.geometry.coverage.seeing import Lens, Limits, focuses_mm, resolutions
from blender_addon.geometry.coverage.surface import Points, Surface, turn
from blender_addon.geometry.nearest import TriangleTree
from manifests import viewpoints
from manifests.errors import ManifestError
from manifests.schema import Camera, Pose
from manifests.viewpoints import Viewpoints

CUBE = np.array([[x, y, z] for x in (-5.0, 5.0) for y in (-5.0, 5.0) for z in (-5.0, 5.0)])
FACES = np.array([
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
])  # fmt: skip
PINHOLE = Camera(
    sensor_width_mm=10.0, sensor_px=(100, 100), image_px=(100, 100), focal_length_mm=10.0, f_number=0.0
)  # fmt: skip


def cube(offset: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Surface:
    return Surface(CUBE + np.array(offset), FACES)


def two_cubes() -> Surface:
    """One cube above another, 10 mm of air between them."""
    return Surface(np.concatenate([CUBE, CUBE + np.array([0, 0, 20])]), np.concatenate([FACES, FACES + 8]))


def soup(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of all sizes that cross one another."""
    random = np.random.default_rng(seed)
    size = 10 ** random.uniform(-2, 1, (count, 1, 1))
    corners = random.normal(size=(count, 1, 3)) * 5 + random.normal(size=(count, 3, 3)) * size
    return corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 120), flat=st.booleans())
def test_rays_agree_with_every_triangle_tried(seed: int, count: int, flat: bool) -> None:
    vertices, triangles = soup(seed, count)
    random = np.random.default_rng(seed + 1)
    starts, ends = random.normal(size=(2, 60, 3)) * 8
    if flat:
        # Along the axes, and from boxes that have no thickness.
        vertices[:, 2] = np.round(vertices[:, 2])
        ends[:, :2] = starts[:, :2]
    at, triangle = first_hit(TriangleTree(vertices, triangles), starts, ends)
    corners = vertices[triangles]
    for i in range(len(starts)):
        every = meet(np.tile(starts[i], (count, 1)), np.tile(ends[i] - starts[i], (count, 1)), corners)
        assert at[i] == every.min()
        assert triangle[i] == (-1 if np.isinf(at[i]) else triangle[i])
        if np.isfinite(at[i]):
            assert every[triangle[i]] == at[i]


@settings(max_examples=100)
@given(seed=st.integers(0, 10**6))
def test_ray_meets_the_plane_of_its_triangle_within_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners, start = random.normal(size=(1, 3, 3)), random.normal(size=(1, 3)) * 3
    weights = random.dirichlet([1, 1, 1])
    inside = weights @ corners[0]
    normal = np.cross(corners[0, 1] - corners[0, 0], corners[0, 2] - corners[0, 0])
    assume(abs((inside - start[0]) @ normal) > 1e-3)
    assert meet(start, 2 * (inside - start), corners)[0] == pytest.approx(0.5)
    beside = corners[0, 0] - 0.5 * (corners[0, 1] - corners[0, 0])
    assert np.isinf(meet(start, 2 * (beside - start), corners)[0])


@settings(max_examples=200)
@given(seed=st.integers(0, 10**6))
def test_cube_hides_exactly_what_lies_behind_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    surface = cube()
    points, eye = surface.points(60, seed), random.normal(size=3)
    eye *= random.uniform(9, 100) / np.linalg.norm(eye)
    toward = np.einsum("nd,nd->n", eye - points.places_mm, points.normals)
    clear = np.abs(toward) > 1e-3
    hidden = is_hidden(surface.tree, points.places_mm, np.tile(eye, (60, 1)), surface.gap_mm)
    np.testing.assert_array_equal(hidden[clear], toward[clear] < 0)


def one_view(location: tuple[float, float, float], target: tuple[float, float, float], roll: float = 0) -> Viewpoints:
    return Viewpoints.of([Pose(location, target, roll)])


POINT = st.tuples(*[st.floats(-4, 4)] * 3)


@settings(max_examples=300, deadline=None)
@given(place=POINT, normal=POINT, eye=POINT, aim=POINT, roll=st.floats(-180, 180), width=st.integers(50, 200))
def test_resolution_is_what_a_small_step_on_the_surface_makes_in_the_image(
    place: tuple[float, float, float],
    normal: tuple[float, float, float],
    eye: tuple[float, float, float],
    aim: tuple[float, float, float],
    roll: float,
    width: int,
) -> None:
    # Another way to the same number: project steps in all directions and take the shortest.
    eye = (eye[0], eye[1], eye[2] + 40)
    camera = Camera(10.0, (400, 400), (30, 10, 2 * width, 300), (width, 150), 25.0, 0.0)
    assume(np.linalg.norm(normal) > 0.1)
    unit = np.array(normal) / np.linalg.norm(normal)
    view, lens = one_view(eye, aim, roll), Lens(camera)
    points = Points(np.array([place]), unit[None])
    elsewhere = Surface(CUBE * 1e-3 + [0, 0, -500], FACES)
    found = resolutions(elsewhere, points, lens, view, np.array([1.0]), Limits(0.0, 80.0))[0, 0]

    def project(at: np.ndarray) -> np.ndarray:
        local = (at - np.array(eye)) @ view.rotations[0]
        on_sensor_px = local[:, :2] / -local[:, 2:] * 25.0 / (10.0 / 400) + 200
        return np.column_stack([on_sensor_px[:, 0] - 30, 400 - on_sensor_px[:, 1] - 10]) / [2 * width, 300]

    spot = project(np.array([place]))[0]
    cosine = (np.array(eye) - place) @ unit / np.linalg.norm(np.array(eye) - place)
    assume(np.abs(spot - np.clip(spot, 1e-6, 1 - 1e-6)).max() == 0 or np.abs(spot - np.clip(spot, 0, 1)).max() > 1e-6)
    inside = bool((spot >= 0).all() and (spot <= 1).all()) and cosine > math.cos(math.radians(80))
    assume(abs(cosine - math.cos(math.radians(80))) > 1e-6)
    assert (found > 0) == inside
    if inside:
        turn = np.linspace(0, 2 * math.pi, 360)
        right, up, _ = viewpoints.look_at(unit).T
        steps = 1e-4 * (np.cos(turn)[:, None] * right + np.sin(turn)[:, None] * up)
        moved = np.linalg.norm((project(np.array(place) + steps) - spot) * [width, 150], axis=1) / 1e-4
        assert found <= moved.min() * 1.001
        # Towards the corner of the image the plane of the sensor is met obliquely, which magnifies.
        assert found >= moved.min() * 0.75


def test_resolution_of_a_face_seen_head_on() -> None:
    plan = one_view((0, 0, 55), (0, 0, 0))
    points = Points(np.array([[0.0, 0.0, 5.0]]), np.array([[0.0, 0.0, 1.0]]))
    found = resolutions(cube(), points, Lens(PINHOLE), plan, np.array([1.0]), Limits(0.0))
    # 50 mm away, 10 mm lens, 10 pixels on a millimetre of sensor.
    assert found[0, 0] == pytest.approx(2.0)


def test_upper_cube_hides_the_lower_one_from_above() -> None:
    surface = two_cubes()
    points = surface.points(2000)
    found = resolutions(surface, points, Lens(PINHOLE), one_view((0, 0, 100), (0, 0, 0)), np.array([1.0]), Limits(0.0))
    top = (points.normals[:, 2] > 0.9) & (points.places_mm[:, 2] > 24)
    np.testing.assert_array_equal(found[0] > 0, top)


@settings(max_examples=200)
@given(
    depth=st.floats(100, 2000), focus=st.floats(100, 2000), focal=st.floats(5, 50), number=st.floats(1, 22)
)  # fmt: skip
def test_blur_is_that_of_a_thin_lens(depth: float, focus: float, focal: float, number: float) -> None:
    camera = Camera(
        focal_length_mm=focal, f_number=number, sensor_width_mm=10, sensor_px=(1000, 1000), image_px=(500, 500)
    )
    # A thin lens: rays through the rim of the aperture, cut by the sensor at the image of the plane in focus.
    sensor, image = 1 / (1 / focal - 1 / focus), 1 / (1 / focal - 1 / depth)
    circle_mm = focal / number * abs(sensor - image) / image
    found = Lens(camera).blur_px(np.array([depth]), focus)[0]
    # In the pinhole's picture, whose image lies at the focal length.
    assert found == pytest.approx(circle_mm * focal / sensor / (10 / 500), rel=1e-6, abs=1e-9)


def test_focus_follows_the_scene() -> None:
    lens = Lens(Camera(f_number=4.0))
    np.testing.assert_allclose(focuses_mm(lens, one_view((0, 0, 100), (0, 0, 0)), 30.0), 70.0)
    np.testing.assert_allclose(focuses_mm(lens, one_view((0, 0, 10), (0, 0, 0)), 30.0), 0.1)
    np.testing.assert_allclose(focuses_mm(Lens(Camera(focus_distance_mm=7.0)), one_view((0, 0, 9), (0, 0, 0)), 1.0), 7)


@settings(max_examples=300)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 9), columns=st.integers(1, 30), density=st.floats(0.05, 0.9))
def test_choice_covers_enough_and_nothing_in_it_is_idle(seed: int, rows: int, columns: int, density: float) -> None:
    seen = np.random.default_rng(seed).random((rows, columns)) < density
    assume(seen.any())
    chosen = choose(seen, 1.0)
    reachable = seen.any(axis=0)
    np.testing.assert_array_equal(seen[chosen].any(axis=0), reachable)
    for row in chosen:
        assert not np.array_equal(seen[[r for r in chosen if r != row]].any(axis=0), reachable)
    fewest = next(
        k for k in range(1, rows + 1)
        if any(np.array_equal(seen[list(c)].any(axis=0), reachable) for c in combinations(range(rows), k))
    )  # fmt: skip
    # Chvatal's bound.
    assert fewest <= len(chosen) <= fewest * (1 + math.log(int(seen.sum(axis=1).max())))


def test_cube_is_planned_from_all_sides_and_a_fresh_set_of_points_agrees() -> None:
    surface, limits = cube((20.0, 0.0, 0.0)), Limits(2.0)
    found = reach(surface, PINHOLE, limits)
    views, focus_mm = planned(found, PINHOLE)
    assert focus_mm is None
    assert found.reachable.all()
    assert 2 <= len(views.poses) <= 6
    fresh = surface.points(4000, seed=9)
    plan = Viewpoints.of(views.poses)
    seen = resolutions(surface, fresh, Lens(PINHOLE), plan, np.ones(len(views.poses)), limits) > 0
    assert seen.any(axis=0).mean() >= 0.99
    judged = coverage(surface, Lens(PINHOLE), plan, np.ones(len(views.poses)), limits, found)
    assert judged.share >= GOAL
    assert judged.area_mm2 == pytest.approx(600)
    assert judged.uncovered_mm2 == pytest.approx((1 - judged.share) * judged.reachable_mm2)
    assert not judged.blind


def test_from_above_the_underside_is_out_of_reach() -> None:
    found = reach(cube(), PINHOLE, Limits(2.0, lowest_deg=10.0))
    np.testing.assert_array_equal(found.reachable, found.points.normals[:, 2] > -0.5)
    plan = Viewpoints.of(planned(found, PINHOLE)[0].poses)
    back = plan.locations_mm - plan.targets_mm
    assert np.degrees(np.arcsin(back[:, 2] / np.linalg.norm(back, axis=1))).min() > 9.9


def test_planned_views_of_a_lens_stand_in_focus() -> None:
    camera = Camera(10.0, (100, 100), None, (100, 100), 10.0, 4.0)
    found = reach(cube(), camera, Limits(2.0))
    views, focus_mm = planned(found, camera)
    plan = Viewpoints.of(views.poses)
    np.testing.assert_allclose(np.linalg.norm(plan.locations_mm - plan.targets_mm, axis=1), focus_mm, atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), least=st.floats(0.5, 5))
def test_candidates_stay_clear_of_the_part(seed: int, least: float) -> None:
    surface, lens, limits = cube(), Lens(PINHOLE), Limits(least)
    distances = standoffs_mm(lens, limits, 40.0)
    poses = candidates(surface, lens, limits, distances)
    eyes = np.array([pose.location_mm for pose in poses])
    assert np.abs(eyes).max(axis=1).min() > 5
    assert surface.tree.nearest(eyes)[0].min() >= 0.49 * distances[0]


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ManifestError) as caught:
        reach(cube(), PINHOLE, Limits(2.0, lowest_deg=90.0, blur_px=1.0, incidence_deg=1e-4))
    assert caught.value.field == "camera"
    with pytest.raises(ManifestError) as caught:
        reach(cube(), Camera(f_number=4.0, focus_distance_mm=1e6), Limits(2.0))
    assert caught.value.field == "camera.focus_distance_mm"
    with pytest.raises(ManifestError) as caught:
        Surface(CUBE * [1, 0, 0], FACES)
    assert caught.value.field == "part.file"
    found = reach(cube(), PINHOLE, Limits(2.0))
    away = one_view((0, 0, 50), (0, 0, 100))
    with pytest.raises(ManifestError) as caught:
        coverage(cube(), Lens(PINHOLE), away, np.array([1.0]), Limits(2.0), found)
    assert caught.value.field == "views"


@settings(max_examples=100)
@given(count=st.integers(1, 400), seed=st.integers(0, 1000))
def test_points_stand_for_equal_areas(count: int, seed: int) -> None:
    surface = Surface(CUBE * [1, 1, 3], FACES)
    points = surface.points(count, seed)
    ends = np.abs(points.normals[:, 2]) > 0.5
    # Two squares of 100 mm2 among 1400 mm2; slices of the area miss by one at each of four edges at most.
    assert abs(ends.sum() - count * 200 / 1400) <= 4
    assert (np.abs(points.places_mm) <= np.array([5, 5, 15]) + 1e-9).all()


@settings(max_examples=100)
@given(
    angles=st.tuples(*[st.floats(-360, 360)] * 3), place=st.tuples(*[st.floats(-100, 100)] * 3)
)  # fmt: skip
def test_part_is_turned_about_x_then_y_then_z_and_moved(
    angles: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    def about(axis: int, degrees: float, v: np.ndarray) -> np.ndarray:
        # Rodrigues.
        k, a = np.eye(3)[axis], math.radians(degrees)
        return v * math.cos(a) + np.cross(k, v) * math.sin(a) + np.outer(v @ k, k) * (1 - math.cos(a))

    expected = about(2, angles[2], about(1, angles[1], about(0, angles[0], CUBE)))
    np.testing.assert_allclose(CUBE @ turn(angles).T, expected, atol=1e-9)


def test_directions_of_a_sphere_leave_no_hole() -> None:
    directions = sphere(160)
    probes = np.random.default_rng(0).normal(size=(2000, 3))
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    assert np.degrees(np.arccos((probes @ directions.T).max(axis=1))).max() < 14


def test_picture_shows_the_near_side_and_fills_most_of_the_frame() -> None:
    points, shown, facing = look(cube(), (0.0, 0.0, 1.0), 50)
    np.testing.assert_allclose(points.places_mm[:, 2], 5, atol=1e-9)
    np.testing.assert_allclose(facing, 1)
    assert shown.sum() == len(points.places_mm)
    assert 0.85 < shown.mean() < 1
    assert points.places_mm[0, 1] > 0 > points.places_mm[-1, 1], "up is up"


def test_scale_grows_lighter_all_the_way() -> None:
    light = colours(np.linspace(0, 1, 50)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()
