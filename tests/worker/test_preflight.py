"""What a manifest cannot get from its part is named by its field before anything is rendered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blender_addon.geometry.mesh import Mesh
from manifests import schema
from manifests.errors import ManifestError
from worker.preflight import check_scene

CORNERS = np.array([[x, y, z] for x in (-10, 10) for y in (-10, 10) for z in (-10, 10)], dtype=np.float64)
FACES = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
FACES += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
CUBE = Mesh(CORNERS, np.array(FACES, dtype=np.int32), ("cube",), np.zeros(12, dtype=np.int32))
FRONT = {"kind": "poses", "poses": [{"location_mm": [0, -300, 0]}]}


def manifest_of(**fields: Any) -> schema.Manifest:
    return schema.from_dict({"name": "made", "part": {"file": "cube.stl"}, "views": FRONT, **fields})


def dent(**fields: Any) -> dict[str, Any]:
    return {"defects": [{"kind": "dent", "diameter_mm": 3}, {"kind": "dent", **fields}]}


def sticker(**fields: Any) -> dict[str, Any]:
    return {"impurities": [{"kind": "dust"}, {"kind": "sticker", **fields}]}


IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    ({"views": {"kind": "poses", "poses": [{"location_mm": [0, -300, 0], "target_mm": [0, -600, 0]}]}}, "views", "no"),
    ({"views": {"kind": "poses", "poses": [{"location_mm": [0, -300, 0], "target_mm": [90, 0, 0]}]}}, "views", "no"),
    ({"camera": {"tilt_deg": [0, 20, 0]}}, "views", "no view sees the part"),
    ({"part": {"file": "cube.stl", "location_mm": [0, 0, 90]}}, "views", "no view sees the part"),
    (dent(diameter_mm=21), "defects[1]", "no dent finds room where it may lie"),
    (dent(placement={"kind": "region", "normal": [1, 1, 1]}), "defects[1].placement", "selects no face"),
    (
        dent(placement={"kind": "region", "object": "sphere"}),
        "defects[1].placement.object",
        "has no object 'sphere'; it has cube",
    ),
    (dent(placement={"kind": "area", "facing_deg": 0.01}), "defects[1].placement.facing_deg", "no view sees the part"),
    (
        dent(placement={"kind": "region", "normal": [0, 1, 0], "facing_deg": 60}),
        "defects[1].placement.facing_deg",
        "no view sees the region",
    ),
    (
        dent(placement={"kind": "position", "position_mm": [9.5, -10, 0]}, diameter_mm=3),
        "defects[1].placement.position_mm",
        "does not fit there",
    ),
    (sticker(width_mm=40, height_mm=40), "impurities[1]", "no sticker finds room where it may lie"),
    (
        sticker(placement={"kind": "position", "position_mm": [9.5, -10, 0]}),
        "impurities[1].placement.position_mm",
        "does not fit there",
    ),
    (
        {"impurities": [{"kind": "fingerprint", "placement": {"kind": "region", "normal": [1, 1, 1]}}]},
        "impurities[0].placement",
        "selects no face",
    ),
    (
        {"surfaces": [{"where": {"objects": ["sphere"]}, "surface": {"kind": "cast"}}]},
        "surfaces[0].where.objects[0]",
        "no object is named 'sphere'; known are cube",
    ),
    (
        {"surfaces": [{"where": {"cad_faces": [3]}, "surface": {"kind": "cast"}}]},
        "surfaces[0].where.cad_faces",
        "the part's file knows no CAD faces",
    ),
]


@pytest.mark.parametrize(("fields", "field", "problem"), IMPOSSIBLE)
def test_the_impossible_names_its_field(fields: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        check_scene(manifest_of(**fields), CUBE)
    assert caught.value.field == field
    assert problem in caught.value.problem


def near(**fields: Any) -> dict[str, Any]:
    """A view so close before a face that none of the part's corners is in the image."""
    return {"views": {"kind": "poses", "poses": [{"location_mm": [1, -13, 2], "target_mm": [1, 0, 2]}]}, **fields}


DRAWN = {"id": "x", "target": "part.location_mm[2]", "distribution": {"kind": "uniform", "low": -5, "high": 5}}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        near(),
        sticker(width_mm=5, height_mm=4),
        near(part={"file": "cube.stl", "rotation_deg": [10, 20, 90]}),
        dent(placement={"kind": "region", "normal": [0, -1, 0], "facing_deg": 60}),
        # Only some of them are too large.
        dent(count=6, diameter_mm={"kind": "uniform", "low": 3, "high": 30}, overlap=True),
        {"part": {"file": "cube.stl", "location_mm": [0, 0, 90]}, "parameters": [DRAWN]},
        {"views": {"kind": "ring", "count": 2}, "camera": {"focal_length_mm": 60}},
        {"camera": {"tilt_deg": [3, 0, 0]}},
    ],
)
def test_what_is_possible_passes(fields: dict[str, Any]) -> None:
    check_scene(manifest_of(**fields), CUBE)
