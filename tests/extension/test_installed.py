"""The installed zip, in a Blender: enabled, used, disabled, enabled again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blender_addon.geometry.defects.instances import build_instance
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.mesh import Mesh
from blender_addon.geometry.preparation.prepare import prepare_part
from manifests import viewpoints
from manifests.files import read_manifest
from manifests.sampling import Table, locate_frame

Inside = Callable[..., Any]


def prepared(path: Path) -> tuple[Table, Mesh]:
    """Values of a manifest and its part, by the checkout and without Blender."""
    manifest = read_manifest(path)
    mesh, _ = prepare_part(path.parent / manifest.part.file, face_budget=manifest.part.faces)
    plan = viewpoints.plan(manifest.views, manifest.camera, viewpoints.Bounds.of(mesh.vertices_mm))
    return Table(manifest, plan), mesh


def check_seen(seen: list[dict[str, Any]], table: Table) -> None:
    """Driven properties against the table; drivers reckon in 32-bit floats."""
    for one in seen:
        frame = one["frame"]
        for path, value in one["driven"].items():
            wanted = table.value(path, frame) if path.startswith("@") else table.field(path, frame)
            assert value == pytest.approx(wanted, rel=2e-6, abs=1e-6), (frame, path)


def test_enabling_works_again_and_disabling_leaves_nothing(inside: Inside, examples: Path) -> None:
    facts = inside("installing.enabling", examples / "painted_block.yaml")
    assert facts["before"] == {}
    # Of processor time, the better of two, for test machines are shared; benchmarks/bench_enabling.py measures it.
    assert min(facts["first_seconds"], facts["second_seconds"]) < 1.0
    assert not set(facts["first_loaded"]) & {"cascadio", "fast_simplification", "OpenEXR", "PIL", "scipy", "yaml"}
    for turn in ("first", "second"):
        assert facts[f"{turn}_result"] == ["FINISHED"]
        assert "param" in facts[f"{turn}_used"]["drivers"]
        assert facts[f"{turn}_left"] == {}
    assert facts["first_registered"] == facts["second_registered"]
    assert len(facts["first_registered"]["operators"]) >= 2
    assert facts["first_registered"]["menus"] == ["draw_in_context_menu"]
    assert facts["first_registered"]["timers"] == ["handlers"]
    assert len([kind for kind in facts["first_registered"] if kind.startswith("handlers.")]) == 7


def test_the_installed_extension_stands_on_its_own(inside: Inside, examples: Path) -> None:
    facts = inside("installing.origins", examples / "painted_block.yaml")
    assert facts["problem"] == ""
    assert facts["strays"] == []
    assert facts["contract"] == "bl_ext.user_default.defectory.vendor.manifests.schema"
    for package in ("yaml", "fast_simplification", "cascadio"):
        assert "extensions" in Path(facts["files"][package]).parts, package


def test_scrubbing_shows_what_the_manifest_says(inside: Inside, examples: Path) -> None:
    path = examples / "painted_block.yaml"
    frames = [0, 1, 5, 23, 0]
    facts = inside("opening.scrub", path, *frames)
    table, mesh = prepared(path)
    assert facts["result"] == ["FINISHED"]
    assert facts["problem"] == ""
    assert facts["live"]
    assert facts["scene"] == "painted_block"
    assert facts["range"] == [0, 23]
    check_seen(facts["seen"], table)
    ground = Ground(mesh.vertices_mm, mesh.triangles)
    for one in facts["seen"]:
        number = locate_frame(table.manifest, one["frame"]).instance
        wanted = build_instance(table.manifest, ground, mesh, table.viewpoints.locations_mm, number)
        vertices, ids, last = one["geometry"]
        assert vertices == len(wanted.vertices_mm)
        assert ids == sorted(set(wanted.ids.tolist()))
        assert last == pytest.approx(wanted.vertices_mm[-3:].ravel() / 1000, abs=1e-6)
    assert facts["seen"][0] == facts["seen"][-1]
    assert facts["seen"][0]["geometry"] == facts["seen"][1]["geometry"]
    assert facts["seen"][0]["geometry"] != facts["seen"][2]["geometry"]


def test_the_panel_says_what_is_open(inside: Inside, examples: Path) -> None:
    path = examples / "painted_block.yaml"
    pages = inside("drawing.drawing", path)
    assert pages["empty"] == dict.fromkeys(pages["empty"]) | {
        "InspectionPanel": ["defectory.import_part", "defectory.open_manifest"]
    }
    assert "there is no such file" in " ".join(pages["refused"]["InspectionPanel"])
    table, _ = prepared(path)
    words = pages["open"]["InspectionPanel"]
    assert dict(zip(words[1::2], words[2::2], strict=True)) == {
        "Manifest": "painted_block",
        "Part": "parts/block.step",
        "Size": "25 × 25 × 50 mm",
        "Faces": "2,796 of 2,804",
        "Frames": "24",
    }
    preview = pages["open"]["PreviewPanel"]
    start = preview.index("Instance")
    assert preview[start : start + 4] == ["Instance", "1 of 12", "View", "1 of 2"]
    names, values = preview[start + 4 :: 2], preview[start + 5 :: 2]
    assert names == [p.id for p in table.manifest.parameters]
    assert [float(text.split()[0]) for text in values] == pytest.approx(list(table.row(0).values()), rel=1e-3)
    assert values[0].endswith(" °")
    assert values[1].endswith(" mm")
    assert "Frame 1000 is not in 0 to 23" in " ".join(pages["beyond"]["PreviewPanel"])
    # Every field of the chosen items is there to be edited, with a button where it can be drawn.
    assert pages["open"]["DefectsPanel"][0] == "list defects: 1"
    assert {"label", "diameter_mm", "fixed"} & set(pages["open"]["DefectsPanel"]) >= {"label"}
    assert pages["open"]["LightsPanel"][0] == "list lights: 2"
    assert "defectory.stop_randomising" in pages["open"]["LightsPanel"]


def test_a_saved_file_opens_with_its_drivers_alive(inside: Inside, examples: Path) -> None:
    path, blend = examples / "painted_block.yaml", examples / "scene.blend"
    saved = inside("saving.save", path, blend, 5, 3)
    facts = inside("saving.load", blend, 5, 23)
    table, _ = prepared(path)
    assert facts["problem"] == facts["problem_after"] == ""
    assert facts["first"] == saved[-1]
    assert facts["seen"][0] == saved[0]
    check_seen(facts["seen"], table)
    # Drivers that had failed before the extension was enabled come back as well.
    late = inside("saving.enable_late", blend, 5, 3)
    assert late == {"seen": saved, "problem": ""}


def test_a_saved_file_may_move_with_its_folder(inside: Inside, examples: Path) -> None:
    path, blend = examples / "painted_block.yaml", examples / "scene.blend"
    saved = inside("saving.save", path, blend, 5)
    examples.rename(examples.with_name("elsewhere"))
    facts = inside("saving.load", examples.with_name("elsewhere") / "scene.blend", 5)
    assert facts["problem_after"] == ""
    assert facts["seen"] == saved


def test_without_its_prepared_part_a_file_keeps_its_drivers_and_says_so(inside: Inside, examples: Path) -> None:
    path, blend = examples / "painted_block.yaml", examples / "scene.blend"
    (saved,) = inside("saving.save", path, blend, 5)
    shutil.rmtree(examples / ".defectory")
    facts = inside("saving.load", blend, 5, 23)
    table, _ = prepared(path)
    assert "The prepared part is not at hand" in facts["problem_after"]
    assert not facts["report"]
    check_seen(facts["seen"], table)
    assert facts["seen"][1]["geometry"] == saved["geometry"]


def test_what_cannot_be_opened_is_said_in_a_line_and_changes_nothing(inside: Inside, examples: Path) -> None:
    good = (examples / "painted_block.yaml").read_text()
    cases = {
        "absent.yaml": (None, "there is no such file"),
        "torn.yaml": ("name: [", "is not YAML"),
        "typo.yaml": (good.replace("instances:", "instnces:"), "instnces: unknown key; did you mean 'instances'?"),
        "newer.yaml": (good + "\ncontract: 99\n", "version 99 is newer"),
        "no_part.yaml": (good.replace("block.step", "gone.step"), "gone.step: there is no such CAD file"),
        "bad_part.yaml": (good.replace("block.step", "bad.step"), "bad.step"),
        "narrow.yaml": ("name: n\npart: {file: parts/block.stl}\ncamera: {focal_length_mm: 1.0e+9}\n", "too narrow"),
    }
    (examples / "parts" / "bad.step").write_text("ISO-10303-21;\n")
    for name, (text, _) in cases.items():
        if text is not None:
            (examples / name).write_text(text)
    answers = inside("opening.refuse", *(examples / name for name in cases))
    for answer, (name, (_, wanted)) in zip(answers, cases.items(), strict=True):
        assert answer["result"] == ["CANCELLED"], name
        assert wanted in answer["problem"], name
        assert "\n" not in answer["problem"]
        assert answer["unchanged"], name


def test_a_manifest_replaces_the_one_before_and_spares_what_a_person_made(inside: Inside, examples: Path) -> None:
    path = examples / "light_box.yaml"
    facts = inside("opening.reopen", examples / "painted_block.yaml", path)
    assert facts["problem"] == ""
    assert facts["scene"] == "light_box"
    assert facts["counts"][0] == facts["counts"][2]
    assert facts["counts"][0]["scenes"] == 2
    assert facts["hand_made"]
    assert facts["rig"] == ["Rig", ["Collection", "Rig"]]
    check_seen(facts["seen"], prepared(path)[0])


def test_operator_and_function_make_the_same_scene(inside: Inside, examples: Path) -> None:
    facts = inside("opening.same_as_function", examples / "painted_block.yaml")
    assert facts["operator"] == facts["function"]


def test_rendering_in_the_window_leaves_the_mesh_alone_and_says_so(
    inside: Inside, examples: Path, tmp_path: Path
) -> None:
    facts = inside("rendering.render", examples / "painted_block.yaml", 5, tmp_path)
    assert facts["same"]
    assert facts["problem"] == ""
    assert not facts["rendering"]
    assert "was rendered with the geometry of another instance" in facts["animation"]


def test_a_manifest_that_draws_nothing_opens(inside: Inside, examples: Path) -> None:
    path = examples / "still.yaml"
    path.write_text("name: still\npart: {file: parts/block.stl}\n")
    facts = inside("opening.scrub", path, 0)
    assert facts["problem"] == ""
    assert facts["parameters"] == []
    assert np.isclose(facts["seen"][0]["driven"]["lights[0].radiance"], 1.0)
