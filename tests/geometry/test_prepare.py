from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from blender_addon.contract import errors
from blender_addon.geometry.preparation.part_report import PartReport
from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import load_prepared, part_key, save_prepared

from .cad_writers import PARTS, binary_stl, box, torus

FLANGE = PARTS / "flange.step"


@pytest.fixture(scope="module")
def flange():
    return prepare_part(FLANGE, face_budget=4000, origin="base")


def test_step_assembly_is_prepared_with_a_full_report(flange):
    part, report = flange
    assert (report.source, report.format, report.unit, report.origin) == ("flange.step", "STEP", "auto", "base")
    assert report.source_sha256 == hashlib.sha256(FLANGE.read_bytes()).hexdigest()
    assert [o.name for o in report.objects] == ["flange", "pin"] == list(part.object_names)
    assert sum(o.faces_after for o in report.objects) == report.faces_after == part.face_count <= 4000
    assert report.faces_before == sum(o.faces_before for o in report.objects) > 5000
    assert 0.0 < report.deviation_max_mm < 0.3 and report.deviation_points > 2000
    assert report.size_mm == pytest.approx((60, 60, 24), abs=0.05)
    assert report.repair.boundary_edges == 0 and report.warnings == ()


def test_base_stands_on_the_ground_centre_is_centred_and_file_stays(flange, tmp_path):
    for (part, report), error_mm in ((prepare_part(FLANGE, origin="base"), 1e-9), (flange, flange[1].deviation_max_mm)):
        low, high = part.bounds_mm()
        assert low[2] == pytest.approx(0.0, abs=error_mm), report.faces_after
        assert (low + high)[:2] == pytest.approx([0, 0], abs=2 * error_mm)
    path = tmp_path / "box.stl"
    path.write_bytes(binary_stl(*box((1, 2, 3), (5, 6, 7))))
    assert prepare_part(path)[0].bounds_mm()[0].tolist() == [-0.5, -1.0, -1.5]
    assert prepare_part(path, origin="file")[0].bounds_mm()[0].tolist() == [5, 6, 7]


def test_cad_faces_survive_decimation(flange):
    part, _ = flange
    whole, _ = prepare_part(FLANGE, origin="base")
    assert part.cad_face is not None and whole.cad_face is not None
    assert len(part.cad_face) == part.face_count

    # The flat underside is one CAD face: all that lie in it know it.
    def underside(m):
        flat = (np.abs(m.vertices_mm[m.triangles][:, :, 2]) < 0.02).all(axis=1) & (m.object_index == 0)
        return set(m.cad_face[flat].tolist())

    assert underside(part) == underside(whole) and len(underside(whole)) == 1


def test_late_orientation_of_huge_meshes_gives_the_same_part(tmp_path, monkeypatch):
    path = tmp_path / "torus.stl"
    points, triangles = torus(40)
    path.write_bytes(binary_stl(points, triangles[:, ::-1]))
    early, report = prepare_part(path, face_budget=1000)
    monkeypatch.setattr("blender_addon.geometry.preparation.prepare._ORIENT_AFTER_FACES", 100)
    late, late_report = prepare_part(path, face_budget=1000)
    assert report.repair.flipped == 3200 and late_report.repair.flipped == 1000
    assert deviation_free(early) == pytest.approx(deviation_free(late), rel=0.01)


def deviation_free(part):
    a, b, c = (part.vertices_mm[part.triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())


def test_damage_becomes_warnings(tmp_path):
    points, triangles = torus(10)
    path = tmp_path / "holed.stl"
    path.write_bytes(binary_stl(points, triangles[3:]))
    _, report = prepare_part(path)
    assert any("open at" in sentence for sentence in report.warnings)


def test_loose_triangles_over_budget_and_odd_size_are_warned_about(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "soup.stl"
    path.write_bytes(binary_stl(rng.random((300, 3)) * 0.1, np.arange(300).reshape(-1, 3)))
    part, report = prepare_part(path, face_budget=50)
    assert part.face_count == report.faces_after
    assert (part.face_count > 50) == any("over its budget of 50" in sentence for sentence in report.warnings)
    assert any("check the unit" in sentence for sentence in report.warnings)


def test_ruinous_budget_is_warned_about(tmp_path):
    path = tmp_path / "torus.stl"
    path.write_bytes(binary_stl(*torus(40)))
    _, report = prepare_part(path, face_budget=24)
    assert report.deviation_max_mm > 1.0
    assert any("raise the face budget" in sentence for sentence in report.warnings)


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "flat.stl"
    path.write_bytes(binary_stl(np.zeros((3, 3)), np.array([[0, 1, 2]])))
    with pytest.raises(errors.PartError, match=r"flat\.stl: no faces with an area"):
        prepare_part(path)
    with pytest.raises(errors.PartError, match=r"flange\.step: no object 'lid'"):
        prepare_part(FLANGE, face_budget={"lid": 100})
    with pytest.raises(errors.PartError, match="origin 'top'"):
        prepare_part(FLANGE, origin="top")  # type: ignore[arg-type]


def test_report_goes_through_json(flange):
    _, report = flange
    assert PartReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_prepared_part_comes_back_as_it_was_and_in_the_same_bytes(flange, tmp_path):
    part, report = flange
    path = save_prepared(tmp_path / "new" / "folder", part, report, key="abc")
    back, back_report = load_prepared(path)
    assert path.name == "abc.npz" and back_report == report and back.object_names == part.object_names
    for name in ("vertices_mm", "triangles", "object_index", "cad_face"):
        assert np.array_equal(getattr(back, name), getattr(part, name))
        assert getattr(back, name).dtype == getattr(part, name).dtype
    again = save_prepared(tmp_path, *prepare_part(FLANGE, face_budget=4000, origin="base"))
    assert again.read_bytes() == path.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == ["abc.npz"]


def test_bytes_do_not_depend_on_the_process(flange, tmp_path):
    code = (
        "import sys, pathlib; from blender_addon.geometry.preparation.prepare import prepare_part;"
        "from blender_addon.geometry.preparation.prepared_files import save_prepared;"
        "print(save_prepared(sys.argv[2], *prepare_part(sys.argv[1], face_budget=4000, origin='base')).name)"
    )
    command = [sys.executable, "-c", code, str(FLANGE), str(tmp_path)]
    name = subprocess.run(command, cwd=PARTS.parents[2], check=True, capture_output=True, text=True).stdout.strip()
    assert name == save_prepared(tmp_path / "here", *flange).name


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(50), b"noise" * 100, None])
def test_damaged_prepared_file_is_refused(flange, tmp_path, content):
    path = save_prepared(tmp_path, *flange)
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(errors.PartError, match=r"\.npz: is damaged"):
        load_prepared(path)
    with pytest.raises(errors.PartError, match="no such file"):
        load_prepared(tmp_path / "absent.npz")


def test_unwritable_folder_is_refused(flange, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.PartError, match="cannot be written"):
        save_prepared(tmp_path / "file", *flange)


def test_key_depends_on_all_that_changes_the_part_and_on_nothing_else():
    keys = [
        part_key("ab", "mm", 100, "center", 1),
        part_key("ac", "mm", 100, "center", 1),
        part_key("ab", "cm", 100, "center", 1),
        part_key("ab", "mm", 101, "center", 1),
        part_key("ab", "mm", None, "center", 1),
        part_key("ab", "mm", {"a": 1, "b": 2}, "center", 1),
        part_key("ab", "mm", 100, "base", 1),
        part_key("ab", "mm", 100, "center", 2),
    ]
    assert len(set(keys)) == len(keys) and all(len(bytes.fromhex(key)) == 32 for key in keys)
    assert part_key("ab", None, {"b": 2, "a": 1}, "center") == part_key("ab", "auto", {"a": 1, "b": 2}, "center")


def test_geometry_imports_neither_blender_nor_the_worker():
    modules = ["cad.cad_files", "preparation.prepare", "preparation.prepared_files", "defects.instances"]
    code = ";".join(f"import blender_addon.geometry.{m}" for m in modules)
    code += ";import sys; sys.exit(bool({'bpy', 'worker', 'scipy', 'trimesh', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PARTS.parents[2], check=False).returncode == 0
