"""What lies on a part: sheets as bodies, heights over a surface, and draws that ask for nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blender_addon.geometry.defects.instances import build_instance
from blender_addon.geometry.defects.placement import Ground, Place
from blender_addon.geometry.impurities.glyphs import number_ribbons
from blender_addon.geometry.impurities.instances import Laid, lay_on
from blender_addon.geometry.impurities.stickers import CORNER, Sheet, make_sheet
from blender_addon.geometry.mesh import Mesh
from manifests import schema

from .cad_writers import box, mesh, volume

EYES_MM = np.array([[0.0, 0.0, 300.0]])
PLATE = mesh(*box((100.0, 80.0, 2.0), (-50.0, -40.0, -1.0)))
GROUND = Ground(PLATE.vertices_mm, PLATE.triangles)
SIZES = {"width_mm": 16.0, "height_mm": 9.0, "thickness_mm": 0.1, "curl_mm": 3.0, "curl_deg": 40.0}
FLAT = Place(np.zeros(3), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))


def manifest(impurities: list[dict[str, Any]], defects: list[dict[str, Any]] | None = None) -> schema.Manifest:
    data = {"name": "plate", "part": {"file": "plate.stl"}, "impurities": impurities, "defects": defects or []}
    return schema.from_dict(data | {"instances": 3, "seed": 5})


def laid(*impurities: dict[str, Any], defects: list[dict[str, Any]] | None = None, number: int = 0) -> Laid:
    what = manifest(list(impurities), defects)
    built = build_instance(what, GROUND, PLATE, EYES_MM, number)
    return lay_on(what, GROUND, PLATE, EYES_MM, built, number)


def body(sheet: Sheet) -> Mesh:
    """The sheet without its number."""
    return mesh(sheet.vertices_mm, sheet.triangles[~sheet.ink])


@pytest.mark.parametrize("curl_mm", [0.0, 3.0])
@pytest.mark.parametrize("corner", range(4))
def test_a_sheet_is_a_closed_body_of_its_area_and_thickness(curl_mm: float, corner: int) -> None:
    sheet = make_sheet(SIZES | {"curl_mm": curl_mm}, "05", corner, FLAT, lambda points: np.zeros(len(points)))
    own = body(sheet)
    sides = np.concatenate([own.triangles[:, [0, 1]], own.triangles[:, [1, 2]], own.triangles[:, [2, 0]]])
    assert {tuple(side) for side in sides.tolist()} == {tuple(side) for side in sides[:, ::-1].tolist()}
    area = 16 * 9 - (4 - np.pi) * (CORNER * 9) ** 2
    assert volume(own) == pytest.approx(area * 0.09, rel=0.02)
    height = sheet.vertices_mm[:, 2].max()
    radius = curl_mm / np.radians(40)
    # The curl of 3 mm is measured on the outline, which is round there.
    assert height == pytest.approx(0.112 if not curl_mm else radius * (1 - np.cos(np.radians(40))) + 0.1, abs=0.05)
    loose = np.argmax(sheet.vertices_mm[:, 2])
    signs = np.sign(sheet.vertices_mm[loose, :2])
    assert not curl_mm or signs.tolist() == [[1, 1], [-1, 1], [-1, -1], [1, -1]][corner]


def test_the_number_lies_on_the_sheet_and_is_all_of_one_side() -> None:
    sheet = make_sheet(SIZES, "888", 0, FLAT, lambda points: np.zeros(len(points)))
    corners = sheet.vertices_mm[sheet.triangles[sheet.ink]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] > 0).all()
    assert np.abs(corners[..., 0]).max() < 8 and np.abs(corners[..., 1]).max() < 4.5
    assert (corners[..., 2] > 0.1).all()


def test_digits_differ_and_fill_the_room_that_they_have() -> None:
    drawn = [number_ribbons(digit, 10.0, 8.0)[0] for digit in "0123456789"]
    for points in drawn:
        assert np.abs(points[:, 1]).max() == pytest.approx(5.0, abs=0.3)
    assert len({tuple(points.round(2).ravel().tolist()) for points in drawn}) == 10
    wide = number_ribbons("00000000", 10.0, 8.0)[0]
    assert np.ptp(wide[:, 0]) == pytest.approx(8.0, abs=0.1)


def at(x_mm: float, y_mm: float) -> dict[str, Any]:
    return {"kind": "position", "position_mm": [x_mm, y_mm, 1]}


def test_a_sheet_lies_on_bumps_and_bridges_dents() -> None:
    sticker = {"kind": "sticker", "curl_mm": 0, "placement": at(0, 0)}
    sizes = {"diameter_mm": 4, "placement": at(0, 0)}
    plain = laid(sticker)
    over = laid(sticker, defects=[{"kind": "bump", "height_mm": 0.5, **sizes}])
    across = laid(sticker, defects=[{"kind": "dent", "depth_mm": 0.5, **sizes}])
    assert plain.vertices_mm[:, 2].min() > 1
    assert np.allclose(across.vertices_mm, plain.vertices_mm)
    rise = over.vertices_mm[:, 2] - plain.vertices_mm[:, 2]
    assert rise.max() == pytest.approx(0.5, abs=0.02)
    assert (rise[np.linalg.norm(plain.vertices_mm[:, :2], axis=1) > 2.1] == 0).all()


def middles(here: Laid) -> list[list[float]]:
    return [one.center_mm.tolist() for one in here.prints[0]]


def test_draws_of_a_kind_ask_for_no_other_kind_and_no_defect() -> None:
    prints = {"kind": "fingerprint", "count": {"kind": "uniform", "low": 1, "high": 4}, "width_mm": 8, "length_mm": 10}
    stains, dents = {"kind": "water_stain"}, [{"kind": "dent", "count": 5}]
    for number in range(3):
        alone = laid(prints, number=number)
        among = laid(stains, prints, {"kind": "dust"}, defects=dents, number=number)
        assert middles(alone) == middles(among)
    assert middles(laid(prints, number=0))[0] != middles(laid(prints, number=1))[0]


def test_prints_and_stickers_keep_clear_of_one_another_and_say_when_there_is_no_room() -> None:
    many = {"count": 8, "placement": {"kind": "region", "normal": [0, 0, 1]}}
    here = laid({"kind": "sticker", **many}, {"kind": "fingerprint", **many})
    kept = len(here.prints[0])
    assert kept >= 2 and len(here.warnings) == 8 - kept
    assert "impurities[1] number" in here.warnings[0] and "found no room" in here.warnings[0]
    for one in here.prints[0]:
        flat = here.vertices_mm - one.center_mm
        reach = np.hypot(flat @ one.across / one.half_mm[0], flat @ one.along / one.half_mm[1])
        assert reach.min() > 1


def test_without_takes_the_stickers_of_an_entry() -> None:
    both = laid({"kind": "sticker", "placement": at(-20, 0)}, {"kind": "sticker", "placement": at(20, 0)})
    left = both.without([0])
    assert set(left.entries) == {1} and set(both.entries) == {0, 1}
    assert (left.vertices_mm[left.triangles][..., 0] > 5).all()
