"""Regions of a part against what its geometry says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.geometry.mesh import Mesh
from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import load_prepared, save_prepared
from blender_addon.geometry.selection import select, surface_index
from manifests.errors import ManifestError
from manifests.schema import LocalSurface, Polymer, Region

from .cad_writers import box, glb, gltf, torus

NUMBER = st.floats(-1, 1)


def fan(normals: np.ndarray, cad_faces: bool = True) -> Mesh:
    """A loose triangle for each of the given normals, in turn of object ``a``, ``b[1]`` and ``bolt``."""
    count = len(normals)
    unit = normals / np.linalg.norm(normals, axis=1)[:, None]
    helper = np.where(np.abs(unit[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(helper, unit)
    corners = np.stack([np.zeros((count, 3)), first, np.cross(unit, first)], axis=1)
    triangles = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    faces = np.arange(count, dtype=np.int32) if cad_faces else None
    objects = (np.arange(count) % 3).astype(np.int32)
    return Mesh(corners.reshape(-1, 3), triangles, ("a", "b[1]", "bolt"), objects, faces)


CUBE = fan(np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float))


@given(
    st.lists(st.tuples(NUMBER, NUMBER, NUMBER).filter(lambda v: np.linalg.norm(v) > 0.1), min_size=3, max_size=40),
    st.floats(1, 179),
    st.sampled_from([1e-3, 1.0, 1e150]),
)
def test_normals_within_an_angle_are_selected(normals: list[tuple[float, ...]], limit: float, length: float) -> None:
    wish = np.array(normals[0])
    mesh = fan(np.array(normals))
    chosen = select(mesh, Region(normal=tuple(wish * length), within_deg=limit), "where")
    unit = np.array(normals) / np.linalg.norm(normals, axis=1)[:, None]
    angles = np.degrees(np.arccos(np.clip(unit @ (wish / np.linalg.norm(wish)), -1, 1)))
    clear = np.abs(angles - limit) > 1e-3
    assert np.array_equal(chosen[clear], (angles <= limit)[clear])
    assert chosen[0]


@given(st.integers(1, 63), st.integers(1, 7), st.booleans())
def test_conditions_hold_all_at_once(face_bits: int, object_bits: int, up: bool) -> None:
    faces = tuple(i for i in range(6) if face_bits >> i & 1)
    names = tuple(name for i, name in enumerate(CUBE.object_names) if object_bits >> i & 1)
    region = Region(cad_faces=faces, objects=names, normal=(0, 0, 1) if up else None, within_deg=91)
    expected = np.array([i in faces and CUBE.object_names[i % 3] in names and not (up and i == 5) for i in range(6)])
    if expected.any():
        assert np.array_equal(select(CUBE, region, "where"), expected)
    else:
        with pytest.raises(ManifestError, match="where: selects nothing"):
            select(CUBE, region, "where")


def test_a_star_stands_for_letters_and_brackets_for_themselves() -> None:
    assert select(CUBE, Region(objects=("b*",)), "").tolist() == [False, True, True, False, True, True]
    assert select(CUBE, Region(objects=("b[1]",)), "").tolist() == [False, True, False, False, True, False]


@given(st.permutations([0, 1, 2]))
def test_the_last_surface_that_claims_a_face_has_it(order: list[int]) -> None:
    regions = [Region(cad_faces=(0, 1)), Region(cad_faces=(1, 2, 4)), Region(cad_faces=(2, 3))]
    index = surface_index(CUBE, tuple(LocalSurface(regions[i], Polymer()) for i in order))
    for face in range(6):
        claims = [place + 1 for place, i in enumerate(order) if face in regions[i].cad_faces]
        assert index[face] == max(claims, default=0)


@pytest.mark.parametrize(
    ("region", "field", "problem"),
    [
        (Region(cad_faces=(2, 77)), "surfaces[1].where.cad_faces[1]", "CAD faces 0 to 5"),
        (Region(objects=("nut",)), "surfaces[1].where.objects[0]", "known are a, b[1], bolt"),
        (Region(normal=(1, 1, 1), within_deg=20), "surfaces[1].where.normal", "within 20 degrees"),
        (Region(cad_faces=(4,), normal=(1, 0, 0)), "surfaces[1].where", "no face fulfils all"),
        (Region(cad_faces=(0, 1, 2, 3, 4, 5)), "surfaces[0].where", "claim them all"),
    ],
)
def test_a_region_that_selects_nothing_names_its_field(region: Region, field: str, problem: str) -> None:
    first = LocalSurface(Region(cad_faces=(0,)), Polymer())
    with pytest.raises(ManifestError, match=re.escape(problem)) as caught:
        surface_index(CUBE, (first, LocalSurface(region, Polymer())))
    assert caught.value.field == field
    assert "\n" not in str(caught.value)


def test_cad_faces_of_a_file_that_has_none() -> None:
    with pytest.raises(ManifestError, match="STEP and IGES alone"):
        select(fan(np.eye(3), cad_faces=False), Region(cad_faces=(0,)), "where")


def test_materials_select_by_name_through_a_file_and_its_preparation(tmp_path: Path) -> None:
    """Of a subdivided box, decimated, the faces that the file gives another material; OBJ and glTF alike."""
    quads = ["f 1 4 3 2", "f 5 6 7 8", "f 1 2 6 5", "f 2 3 7 6", "f 3 4 8 7", "f 4 1 5 8"]
    corners = [(x, y, z) for z in (0, 30) for x, y in ((0, 0), (20, 0), (20, 10), (0, 10))]
    lines = [f"v {x} {y} {z}" for x, y, z in corners] + [
        quads[0],
        "usemtl Steel [1]",
        *quads[2:],
        "usemtl Foam",
        quads[1],
    ]
    (tmp_path / "box.obj").write_text("\n".join(lines))
    mesh, report = prepare_part(tmp_path / "box.obj")
    assert mesh.material_names == ("Steel [1]", "Foam")
    folder = save_prepared(tmp_path, mesh, report)
    loaded, _ = load_prepared(folder)
    for part in (mesh, loaded):
        foam = select(part, Region(materials=("Foam",)), "where")
        heights = part.vertices_mm[part.triangles[foam]][..., 2]
        assert foam.sum() == 2
        assert (heights == heights.max()).all()
        assert select(part, Region(materials=("Steel*",)), "where").sum() == 8
        assert select(part, Region(materials=("*",), normal=(0, 0, 1)), "where").sum() == 2
    with pytest.raises(ManifestError, match=r"where.materials\[1\]: selects nothing: no material is named 'Gold'"):
        select(mesh, Region(materials=("Foam", "Gold")), "where")
    with pytest.raises(ManifestError, match="the part's file names no materials"):
        select(CUBE, Region(materials=("Foam",)), "where")


def test_materials_of_gltf_are_those_of_its_primitives(tmp_path: Path) -> None:
    document, data = gltf(
        *box(), [{"mesh": 0, "name": "a"}, {"mesh": 0, "name": "b", "translation": [9, 0, 0]}], [0, 1]
    )
    document["materials"] = [{"name": "Red"}, {"name": "Blue"}]
    document["meshes"].append(json.loads(json.dumps(document["meshes"][0])))
    for number in (0, 1):
        document["meshes"][number]["primitives"][0]["material"] = number
    document["nodes"][1]["mesh"] = 1
    (tmp_path / "boxes.glb").write_bytes(glb(document, data))
    mesh, _ = prepare_part(tmp_path / "boxes.glb")
    blue = select(mesh, Region(materials=("Blue",)), "where")
    assert np.array_equal(blue, select(mesh, Region(objects=("b",)), "where"))
    assert blue.sum() == 12


def test_decimation_keeps_materials_where_they_were(tmp_path: Path) -> None:
    points, triangles = torus()
    corners = [f"v {x} {y} {z}" for x, y, z in points]
    outside = np.linalg.norm(points[triangles].mean(axis=1)[:, :2], axis=1) > 30
    faces = [" ".join(["f", *map(str, row + 1)]) for row in np.concatenate([triangles[outside], triangles[~outside]])]
    lines = [*corners, "usemtl Outer", *faces[: outside.sum()], "usemtl Inner", *faces[outside.sum() :]]
    (tmp_path / "ring.obj").write_text("\n".join(lines))
    mesh, _ = prepare_part(tmp_path / "ring.obj", face_budget=800)
    assert mesh.face_count <= 800
    chosen = select(mesh, Region(materials=("Outer",)), "where")
    distance = np.linalg.norm(mesh.vertices_mm[mesh.triangles].mean(axis=1)[:, :2], axis=1)
    clear = np.abs(distance - 30) > 2
    assert np.array_equal(chosen[clear], (distance > 30)[clear])
