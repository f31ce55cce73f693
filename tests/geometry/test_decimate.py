from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.contract import errors
from blender_addon.geometry.edges import count_edges
from blender_addon.geometry.preparation import decimate as decimation
from blender_addon.geometry.preparation.decimate import decimate, share_budget
from blender_addon.geometry.preparation.deviation import deviation
from blender_addon.geometry.preparation.pieces import cut_into_boxes, simplify_in_pieces

from .cad_writers import box, mesh, torus


def ring_and_box():
    points, triangles = torus(60)
    corners, faces = box((5, 5, 5), (100, 0, 0))
    index = [0] * len(triangles) + [1] * 12
    return mesh(np.vstack([points, corners]), np.vstack([triangles, faces + len(points)]), ("ring", "box"), index)


def test_nothing_happens_within_the_budget():
    part = ring_and_box()
    assert decimate(part, None) is part
    assert decimate(part, part.face_count) is part
    assert decimate(part, {"ring": 10_000}) is part


def test_budget_is_a_maximum_for_the_whole_part_and_spares_small_objects():
    part = decimate(ring_and_box(), 1000)
    faces = part.faces_by_object()
    assert part.face_count <= 1000 and faces["ring"] > 900
    assert faces["box"] == 12
    assert part.object_names == ("ring", "box")


def test_budget_of_one_object_leaves_the_others_alone():
    part = ring_and_box()
    smaller = decimate(part, {"ring": 500})
    assert smaller.faces_by_object()["ring"] <= 500
    of_box = smaller.vertices_mm[smaller.triangles[smaller.object_index == 1]]
    assert np.array_equal(of_box, part.vertices_mm[part.triangles[part.object_index == 1]])


def test_decimated_surface_stays_closed_and_close():
    part = mesh(*torus(100))
    smaller = decimate(part, 4000)
    edges = count_edges(smaller.triangles, len(smaller.vertices_mm))
    assert edges.boundary == edges.non_manifold == edges.inconsistent == 0
    assert deviation(part, smaller).max_mm < 0.3


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_result_does_not_depend_on_the_size_of_the_part(factor):
    points, triangles = torus(60)
    normal, scaled = (
        deviation(mesh(points * f, triangles), decimate(mesh(points * f, triangles), 1500)) for f in (1, factor)
    )
    assert scaled.max_mm / factor == pytest.approx(normal.max_mm, rel=0.5)


@pytest.mark.parametrize(
    ("budget", "reason"),
    [(7, "too small for 2 objects"), ({"lid": 100}, "no object 'lid'.*'ring', 'box'"), ({"ring": 3}, "'ring'")],
)
def test_impossible_budget_is_refused(budget, reason):
    with pytest.raises(errors.PartError, match=reason):
        decimate(ring_and_box(), budget)


@given(counts=st.lists(st.integers(0, 10**8), min_size=1, max_size=30), data=st.data())
def test_shares_keep_to_the_budget_and_to_what_there_is(counts, data):
    faces = {str(i): count for i, count in enumerate(counts)}
    budget = data.draw(st.integers(4 * len(counts), max(4 * len(counts), sum(counts))))
    shares = share_budget(faces, budget)
    assert sum(shares.values()) <= budget
    assert all(min(count, 4) <= shares[name] <= count for name, count in faces.items())


def test_boxes_hold_every_triangle_once():
    points, triangles = torus(40)
    pieces = cut_into_boxes(points, triangles, 300)
    assert len(pieces) >= 11 and max(len(piece) for piece in pieces) <= 300
    assert np.array_equal(np.sort(np.concatenate(pieces)), np.arange(len(triangles)))


def test_triangles_all_in_one_place_can_be_cut_too():
    pieces = cut_into_boxes(np.ones((3, 3)), np.tile(np.array([[0, 1, 2]], np.int32), (100, 1)), 30)
    assert sum(len(piece) for piece in pieces) == 100 and max(len(piece) for piece in pieces) <= 30


def test_simplification_in_pieces_leaves_no_seam():
    points, triangles = torus(160)
    whole = mesh(points, triangles)
    pieced = mesh(*simplify_in_pieces(points, triangles, 3000, piece_faces=12_000))
    bare = decimate(whole, 3000)
    edges = count_edges(pieced.triangles, len(pieced.vertices_mm))
    assert pieced.face_count <= 3000 and edges.boundary == edges.non_manifold == 0
    assert deviation(whole, pieced).max_mm < 2.0 * deviation(whole, bare).max_mm
    # A seam would be a chain of edges as short as those of the original.
    lengths = [
        np.linalg.norm(m.vertices_mm[m.triangles] - m.vertices_mm[np.roll(m.triangles, 1, axis=1)], axis=2).ravel()
        for m in (pieced, bare)
    ]
    assert np.percentile(lengths[0], 2) > 0.6 * np.percentile(lengths[1], 2)


def test_simplification_in_pieces_is_deterministic(monkeypatch):
    monkeypatch.setattr(decimation, "_WHOLE_FACES", 5000)
    monkeypatch.setattr("blender_addon.geometry.preparation.pieces.PIECE_FACES", 5000)
    first, second = (decimate(mesh(*torus(80)), 800) for _ in range(2))
    assert np.array_equal(first.vertices_mm, second.vertices_mm) and np.array_equal(first.triangles, second.triangles)
