from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.geometry import nearest
from blender_addon.geometry.nearest import TriangleTree
from blender_addon.geometry.preparation import deviation as module
from blender_addon.geometry.preparation.decimate import decimate
from blender_addon.geometry.preparation.deviation import deviation

from .cad_writers import box, mesh, torus


def brute_force(point, corners):
    """Distance of a point to one triangle by another way: minimise over a clipped dense walk of its regions."""
    a, b, c = corners
    best = min(segment(point, a, b), segment(point, b, c), segment(point, c, a))
    basis = np.stack([b - a, c - a], axis=1)
    (s, t), *_ = np.linalg.lstsq(basis, point - a, rcond=None)
    if s >= 0 and t >= 0 and s + t <= 1:
        best = min(best, float(np.linalg.norm(a + basis @ (s, t) - point)))
    return best


def segment(point, start, end):
    along = end - start
    length = float(along @ along)
    share = min(1.0, max(0.0, float((point - start) @ along) / length)) if length else 0.0
    return float(np.linalg.norm(start + share * along - point))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), far=st.floats(0.1, 50))
def test_distances_agree_with_brute_force(seed, count, far):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(30, 3))
    points[15:, 2] = 0.25  # flat parts and needles, as in CAD
    triangles = rng.integers(0, 30, (count, 3)).astype(np.int32)
    queries = np.vstack([rng.normal(size=(15, 3)) * far, points[:5]])
    distance, which = TriangleTree(points, triangles).nearest(queries)
    expected = np.array([[brute_force(q, points[t]) for t in triangles] for q in queries])
    assert distance == pytest.approx(expected.min(axis=1), abs=1e-9)
    assert expected[np.arange(len(queries)), which] == pytest.approx(expected.min(axis=1), abs=1e-9)


def test_point_as_far_from_all_triangles_is_found_in_little_memory(monkeypatch):
    monkeypatch.setattr(nearest, "_LARGEST_FRONT", 100)
    points, triangles = torus(30, ring=30, tube=10)
    queries = np.zeros((40, 3))
    distance, _ = TriangleTree(points, triangles).nearest(queries)
    assert distance == pytest.approx(20.0, abs=0.2) and np.ptp(distance) == 0.0


def test_same_mesh_has_no_deviation():
    part = mesh(*torus(20))
    assert deviation(part, part) == module.Deviation(0.0, 0.0, 0)
    copy = mesh(*torus(20))
    assert deviation(part, copy).max_mm < 1e-12 and deviation(part, copy).points > 0


def test_shifted_plane_deviates_by_its_shift():
    points = np.array([[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]], float)
    square = [[0, 1, 2], [0, 2, 3]]
    result = deviation(mesh(points, square), mesh(points + np.array([0, 0, 0.7]), square))
    assert result.max_mm == pytest.approx(0.7) and result.mean_mm == pytest.approx(0.7)


@pytest.mark.parametrize("lost_in", ["original", "decimated"])
def test_piece_missing_in_either_mesh_is_seen(lost_in):
    points, triangles = box((10, 10, 10))
    more = np.vstack([points, [[5, 5, 14], [6, 5, 14], [5, 6, 14]]])
    whole = mesh(more, np.vstack([triangles, [[8, 9, 10]]]))
    part = mesh(points, triangles)
    result = deviation(part, whole) if lost_in == "original" else deviation(whole, part)
    assert result.max_mm == pytest.approx(4.0)


def test_sample_of_many_points_is_stated(monkeypatch):
    monkeypatch.setattr(module, "FORWARD_POINTS", 100)
    monkeypatch.setattr(module, "BACK_POINTS", 50)
    part = mesh(*torus(40))
    assert deviation(part, decimate(part, 500)).points == 150


def test_culled_search_in_huge_meshes_gives_the_same_distances(monkeypatch):
    part = mesh(*torus(150))
    smaller = decimate(part, 3000)
    monkeypatch.setattr(module, "BACK_POINTS", 1000)
    expected = deviation(part, smaller)
    kept = []
    around = module._around
    monkeypatch.setattr(module, "_around", lambda *a: kept.append(around(*a)) or kept[-1])
    monkeypatch.setattr(module, "_WHOLE_TREE_FACES", 10_000)
    monkeypatch.setattr(module, "_BACK_POINTS_HUGE", 1000)
    assert deviation(part, smaller) == expected
    assert kept[0].any()


def test_large_original_is_measured_in_seconds():
    part = mesh(*torus(400))
    smaller = decimate(part, 10_000)
    start = time.process_time()
    assert deviation(part, smaller).points == 100_000 + 15_000
    assert time.process_time() - start < 15.0
