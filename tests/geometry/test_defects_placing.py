"""Where defects lie, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.geometry.defects.instances import Instance, build_instance
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.mesh import Mesh
from manifests.errors import ManifestError

from .test_defects import EYES_MM, GROUND, SMALL, at, entry, manifest

_SECOND = SMALL.vertices_mm + np.array([60.0, 0.0, 0.0])
PAIR = Mesh(
    np.concatenate([SMALL.vertices_mm, _SECOND]),
    np.concatenate([SMALL.triangles, SMALL.triangles + len(_SECOND)]),
    ("left", "right"),
    np.repeat(np.arange(2, dtype=np.int32), SMALL.face_count),
)


def build(*entries: dict[str, object], mesh: Mesh = SMALL, seed: int = 0) -> Instance:
    ground = GROUND if mesh is SMALL else Ground(mesh.vertices_mm, mesh.triangles)
    return build_instance(manifest(*entries, seed=seed), ground, mesh, EYES_MM, 0)


def places(made: Instance) -> np.ndarray:
    return np.array([d["position_mm"] for d in made.defects])


def test_by_object() -> None:
    region = {"kind": "region", "object": "right"}
    found = places(build(entry("dent", count=6, placement=region), mesh=PAIR))
    assert len(found) == 6 and (found[:, 0] > 35).all()


def test_by_normal() -> None:
    region = {"kind": "region", "normal": [0, 0, -1]}
    found = places(build(entry("pore", count=6, placement=region)))
    assert len(found) == 6 and np.allclose(found[:, 2], -2)


def test_by_box() -> None:
    region = {"kind": "region", "low_mm": [5, 5, 0], "high_mm": [15, 15, 3]}
    found = places(build(entry("pore", count=5, placement=region)))
    assert len(found) == 5 and (found[:, :2] >= 5).all() and (found[:, :2] <= 15).all() and (found[:, 2] == 2).all()


def test_by_curvature() -> None:
    sizes = {"diameter_mm": 0.6, "depth_mm": 0.1, "elongation": 1}
    beside = places(build(entry("dent", count=8, **sizes, placement={"kind": "curvature", "where": "edges"})))
    flat = places(build(entry("dent", count=8, **sizes, placement={"kind": "curvature", "where": "flat"})))
    assert len(beside) == len(flat) == 8
    assert (np.abs(beside[:, :2]).max(axis=1) > 18).all()
    assert (np.abs(flat[:, :2]).max(axis=1) < 18).all()


def test_the_back_of_a_thin_plate_is_not_in_the_way_of_a_long_scratch() -> None:
    made = build(entry("scratch", length_mm=36, width_mm=0.4, curving_deg=0, angle_deg=0, placement=at(0, 0)))
    assert len(made.defects) == 1 and not made.warnings


def test_chips_lie_on_edges_and_a_chip_at_a_position_on_the_nearest() -> None:
    found = places(build(entry("chip", count=5)))
    assert len(found) == 5
    assert np.allclose(np.sort(np.abs(found), axis=1)[:, -1], 20)
    (only,) = places(build(entry("chip", placement=at(2.0, 17.0))))
    assert only == pytest.approx([2.0, 20.0, 2.0])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "region", "object": "lid"}, r"^defects\[0\]\.placement\.object: the part has no object 'lid'"),
        ({"kind": "region", "normal": [0, 0, 0]}, r"^defects\[0\]\.placement\.normal: must be a direction"),
        ({"kind": "region", "normal": [1, 1, 1]}, r"^defects\[0\]\.placement: the region selects no face"),
        ({"kind": "region", "low_mm": [50, 0, 0]}, r"^defects\[0\]\.placement: the region selects no face"),
        (
            {"kind": "region", "normal": [0, 0, -1], "facing_deg": 70},
            r"^defects\[0\]\.placement\.facing_deg: no view sees",
        ),
        (at(19.9, 0), r"^defects\[0\]\.placement\.position_mm: the dent \(3 mm\) does not fit there"),
    ],
)
def test_what_selects_nothing_is_refused_by_the_name_of_its_field(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ManifestError, match=problem) as error:
        build(entry("dent", placement=fields))
    assert "\n" not in str(error.value)


def test_a_defect_larger_than_its_face_is_refused_at_a_position_and_left_out_where_it_is_drawn() -> None:
    large = {"diameter_mm": 60.0, "elongation": 1.0}
    with pytest.raises(ManifestError, match="larger than its face"):
        build(entry("dent", **large, placement=at(0, 0)))
    made = build(entry("dent", **large))
    assert made.defects == () and "found no room" in made.warnings[0]


def test_a_chip_cannot_be_flat() -> None:
    with pytest.raises(ManifestError, match=r"^defects\[0\]\.placement\.where: must be edges"):
        build(entry("chip", placement={"kind": "curvature", "where": "flat"}))
