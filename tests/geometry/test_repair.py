from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_addon.geometry.preparation.repair import RepairReport, repair
from blender_addon.geometry.welding import equal_rows

from .cad_writers import box, mesh, torus, volume


def soup(points, triangles):
    """The same triangles with corners of their own."""
    return points[triangles].reshape(-1, 3), np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)


def test_sound_mesh_passes_untouched():
    original = mesh(*torus(12))
    repaired, report = repair(original)
    assert report == RepairReport() and report.warnings() == []
    assert np.array_equal(repaired.triangles, original.triangles)


def test_split_vertices_are_welded_within_the_tolerance_only():
    points, triangles = soup(*torus(12))
    noise = np.random.default_rng(0).uniform(-1e-6, 1e-6, points.shape)  # of 85 mm: 1e-8
    repaired, report = repair(mesh(points + noise, triangles))
    assert report.welded == len(points) - 144 and report.boundary_edges == 0
    assert len(repaired.vertices_mm) == 144
    apart, report = repair(mesh(points + 1e4 * noise, triangles))
    assert report.welded == 0 and report.boundary_edges == 3 * 288
    assert apart.face_count == 288


def test_degenerate_and_duplicate_triangles_are_dropped_and_counted():
    points, triangles = box()
    extra = [[0, 0, 1], [0, 1, 1], triangles[0], triangles[1][[1, 2, 0]], triangles[2][::-1]]
    points = np.vstack([points, [0.5, 0, 0]])
    extra.append([0, 8, 1])  # three points of one line
    repaired, report = repair(mesh(points, np.vstack([triangles, extra])))
    assert (report.degenerate, report.duplicate, report.boundary_edges) == (3, 3, 0)
    assert repaired.face_count == 12 and len(repaired.vertices_mm) == 8
    assert any("3 duplicate triangles" in sentence for sentence in report.warnings())


def test_hole_is_counted_and_warned_about():
    points, triangles = box()
    _, report = repair(mesh(points, triangles[1:]))
    assert report.boundary_edges == 3
    assert report.warnings() == ["The surface is open at 3 edges: holes, or sheets without volume."]


def test_edge_of_three_triangles_is_counted_as_non_manifold():
    points, triangles = box()
    points = np.vstack([points, [9, 9, 9]])
    _, report = repair(mesh(points, np.vstack([triangles, [0, 1, 8]])))
    assert report.non_manifold_edges == 1 and report.boundary_edges == 2


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_any_mixture_of_windings_becomes_outward(seed, share):
    points, triangles = torus(8)
    turned = np.random.default_rng(seed).random(len(triangles)) < share
    triangles[turned] = triangles[turned][:, ::-1]
    repaired, report = repair(mesh(points, triangles))
    assert report.flipped == turned.sum()
    assert volume(repaired) == pytest.approx(volume(mesh(*torus(8))))


def test_each_closed_body_is_turned_outward_but_a_cavity_stays_inward():
    outer, inner, beside = box((10, 10, 10)), box((2, 2, 2), (4, 4, 4)), box((1, 1, 1), (20, 0, 0))
    parts = [(outer, False), (inner, True), (beside, True)]
    points = np.vstack([p for (p, _), _ in parts])
    faces = [(t[:, ::-1] if inward else t) + 8 * i for i, ((_, t), inward) in enumerate(parts)]
    repaired, report = repair(mesh(points, np.vstack(faces)))
    assert report.flipped == 12
    assert volume(repaired) == pytest.approx(1000 - 8 + 1)


def test_open_sheet_keeps_the_majority_of_its_windings():
    n = 6
    points = np.array([[x, y, 0.0] for x in range(n) for y in range(n)])
    corner = np.array([x * n + y for x in range(n - 1) for y in range(n - 1)])
    triangles = np.vstack(
        [np.stack([corner, corner + n, corner + 1], 1), np.stack([corner + 1, corner + n, corner + n + 1], 1)]
    )
    triangles[:20] = triangles[:20, ::-1]
    repaired, report = repair(mesh(points, triangles))
    a, b, c = (repaired.vertices_mm[repaired.triangles[:, i]] for i in range(3))
    assert report.flipped == 20 and (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_moebius_strip_comes_through():
    n = 20
    ring = np.arange(n)
    triangles = np.vstack(
        [np.stack([2 * ring, 2 * ring + 1, 2 * ring + 2], 1), np.stack([2 * ring + 1, 2 * ring + 3, 2 * ring + 2], 1)]
    )
    angle = ring * 2 * np.pi / n
    points = np.empty((2 * n, 3))
    for side in (0, 1):
        r = 10 + (2 * side - 1) * np.cos(angle / 2)
        points[side::2] = np.stack([r * np.cos(angle), r * np.sin(angle), (2 * side - 1) * np.sin(angle / 2)], 1)
    triangles = np.where(triangles >= 2 * n, 2 * n + 1 - triangles, triangles)  # joined with a half turn
    repaired, report = repair(mesh(points, triangles))
    assert repaired.face_count == 2 * n and report.boundary_edges == 2 * n


def test_objects_that_share_vertices_are_separated():
    points, triangles = box()
    touching = np.vstack([points, points[[1, 3, 5, 7]] + [1, 0, 0]])
    second = np.array([1, 8, 3, 9, 5, 10, 7, 11])[triangles]
    repaired, report = repair(mesh(touching, np.vstack([triangles, second]), ("a", "b"), [0] * 12 + [1] * 12))
    assert report.boundary_edges == report.non_manifold_edges == 0
    of_a, of_b = (set(repaired.triangles[repaired.object_index == i].ravel()) for i in (0, 1))
    assert not of_a & of_b and len(of_a | of_b) == 16


def test_unused_vertices_are_dropped():
    points, triangles = box()
    repaired, _ = repair(mesh(np.vstack([[[7, 7, 7]], points, [[8, 8, 8]]]), triangles + 1))
    assert np.array_equal(repaired.vertices_mm, points)


def test_mesh_of_nothing_but_degenerate_triangles_ends_empty():
    repaired, report = repair(mesh(np.zeros((3, 3)), [[0, 1, 2]]))
    assert repaired.face_count == 0 and report.degenerate == 1


def test_half_a_million_faces_with_mixed_winding_take_seconds():
    points, triangles = torus(500)
    turned = np.random.default_rng(0).random(len(triangles)) < 0.3
    triangles[turned] = triangles[turned][:, ::-1]
    start = time.process_time()
    _, report = repair(mesh(points, triangles))
    assert report.flipped == turned.sum()
    assert time.process_time() - start < 10.0


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.tuples(*[st.sampled_from([-1.5, -0.0, 0.0, 1.0, 1e300])] * 3), min_size=1, max_size=40))
def test_equal_rows_agree_with_a_dictionary(values):
    first, group = equal_rows(np.array(values))
    seen: dict[tuple[float, ...], int] = {}
    expected = [seen.setdefault(tuple(0.0 + v for v in row), len(seen)) for row in values]
    assert group.tolist() == expected
    assert first.tolist() == [expected.index(i) for i in range(len(seen))]
