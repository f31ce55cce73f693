"""Authoring in an installed extension: the scene follows what a person does in the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifests import schema
from manifests.sampling import Table
from worker.develop import read_channels

from .test_installed import prepared

Inside = Callable[..., Any]


def test_from_an_empty_file_to_a_whole_inspection(inside: Inside, examples: Path) -> None:
    part = examples / "parts" / "flange.step"
    facts = inside("authoring.author", part, examples / "parts")
    assert facts["begun"] == ["FINISHED"]
    assert facts["first"]["problem"] == ""
    assert all(step == ["FINISHED"] for step in facts["steps"])
    whole = facts["whole"]
    assert whole["problem"] == ""
    assert whole["mine"]
    assert whole["materials"] == ["Brushed"]
    assert {"spot", "spot_2"} <= set(whole["objects"])
    manifest = schema.from_dict(whole["manifest"])
    assert [light.name for light in manifest.lights] == ["diffuser", "world", "spot_2", "spot"]
    assert [defect.label for defect in manifest.defects] == ["scratch", "scratch"]
    # The parameter went with its light.
    (parameter,) = manifest.parameters
    assert (parameter.id, parameter.target) == ("spot_2.power_w", "lights[2].power_w")
    assert whole["frame"] == manifest.frames_per_instance
    for frame, energy in facts["frames"]:
        assert energy == pytest.approx(_table(examples, manifest).value(parameter.id, frame), rel=1e-5)


def _table(examples: Path, manifest: schema.Manifest) -> Table:
    table, _ = prepared(examples / "light_box.yaml")
    return Table(manifest, table.viewpoints)


def test_any_property_can_be_drawn(inside: Inside) -> None:
    facts = inside("randomising.randomise_anything")
    assert facts["targets"][2:4] == [
        "blender:objects['Cube.001'].location[2]",
        "blender:materials['Hand-made'].node_tree.nodes[\"Noise Texture\"].inputs[2].default_value",
    ]
    assert facts["results"] == [["FINISHED"]] * 5
    for held, drawn in facts["frames"]:
        assert held == pytest.approx(drawn, rel=1e-5)
        assert len(set(drawn)) == 5
    assert facts["muted"] == [True, 1]
    assert facts["unmuted"] == [True, 2]
    assert facts["gone"] == [facts["targets"][3]]
    assert facts["refused"] == ["CANCELLED"]
    assert "it was renamed or deleted" in facts["problem"]
    assert facts["stopped"] == [0, 4]


def test_presets_suit_the_part_and_selected_faces_get_a_surface(inside: Inside, examples: Path) -> None:
    facts = inside("authoring.presets", examples / "parts" / "block.step", examples / "parts" / "block.stl")
    for name, (result, problem, manifest) in facts["rigs"].items():
        assert (result, problem) == (["FINISHED"], ""), name
        assert manifest["parameters"] == []
    assert facts["rigs"]["photometric_stereo"][2]["light_states"][7]["lights"] == ["lamp_7"]
    assert facts["rigs"]["scanner"][2]["views"]["kind"] == "scanner"
    for name, (result, problem, kind) in facts["surfaces"].items():
        assert (result, problem) == (["FINISHED"], ""), name
        assert (
            kind in schema.from_dict({"name": "n", "part": {"file": "n.stl"}, "surface": {"kind": kind}}).surface.KIND
        )
    assert facts["none"][0] == ["CANCELLED"]
    assert "no face of the part is selected" in facts["none"][1]
    for (result, problem, surfaces, faces, lowest), field in zip(facts["chosen"], ("cad_faces", "normal"), strict=True):
        assert (result, problem) == (["FINISHED"], "")
        assert surfaces[0]["where"][field]
        assert faces > 0
        assert lowest > 0.9


def test_every_example_passes_through_the_properties(inside: Inside, examples: Path) -> None:
    for before, after in inside("authoring.round_trips", *sorted(examples.glob("*.yaml"))):
        assert before == after


def test_an_edited_scene_is_the_scene_of_its_manifest(inside: Inside, examples: Path) -> None:
    """Whatever a manifest was before, its scene renders to the same pixels."""
    for name in ("painted_block", "light_box"):
        path = examples / f"{name}.yaml"
        text = path.read_text()
        for old, new in (("[576, 576]", "[64, 64]"), ("[384, 384]", "[64, 64]"), ("samples: ", "samples: 1 # ")):
            text = text.replace(old, new)
        path.write_text(text)
    opened, edited = inside(
        "authoring.followed", examples / "painted_block.yaml", examples / "light_box.yaml", examples
    )
    ours, theirs = read_channels(Path(opened)), read_channels(Path(edited))
    assert ours.keys() == theirs.keys()
    for name, pixels in ours.items():
        assert np.array_equal(pixels, theirs[name]), name
    assert ours["Image.Combined.R"].std() > 0.01


def test_the_camera_of_a_photograph_is_found_and_its_brightness(inside: Inside, examples: Path) -> None:
    facts = inside("photograph.photograph", examples / "parts" / "flange.step", examples)
    assert not facts["no_photograph"]
    assert facts["missing"][0] == ["CANCELLED"]
    assert "there is no such photograph" in facts["missing"][1]
    # It is none of Blender's images, so that it stays out of what is exported.
    assert facts["load"] == [["FINISHED"], True]
    words = ("needs 4 points or more; there are 3", "on one line in the part", "in different places of the part")
    for (result, problem, views), wanted in zip(facts["refused"], words, strict=True):
        assert result == ["CANCELLED"]
        assert wanted in problem
        assert views == "ring"

    assert facts["solve"] == [["FINISHED"], ""]
    residual_px, errors_px = facts["residual"]
    assert residual_px < 0.5
    assert max(errors_px) < 0.5
    true, solved = np.array(facts["camera"]), np.array(facts["solved"])
    distance = np.linalg.norm(true[:3, 3])
    assert np.abs(solved[:3, :3] - true[:3, :3]).max() < 0.01
    assert np.linalg.norm(solved[:3, 3] - true[:3, 3]) < 0.02 * distance
    manifest = schema.from_dict(facts["manifest"])
    assert isinstance(manifest.views, schema.Poses)
    assert manifest.view_count == 1

    assert facts["compare"] == [["FINISHED"], ""]
    overlap, stops, (photograph, render) = facts["likeness"]
    assert stops == pytest.approx(-1.0, abs=0.1)  # it was taken with one stop less
    assert photograph < render - 0.05
    assert facts["exposure"] == [["FINISHED"], pytest.approx(stops, abs=1e-3)]
    overlap_after, stops_after, means, difference = facts["matched"]
    assert stops_after == pytest.approx(stops, abs=1e-3)
    assert means[0] == pytest.approx(means[1], abs=0.03)
    assert overlap_after > max(0.7, overlap)
    assert difference < 0.1
    assert facts["undone"] == ["ring", 2]
    assert facts["shape"][0] == ["CANCELLED"]
    assert "72 x 72 has another shape than the photograph of 96 x 72" in facts["shape"][1]
    assert facts["left"] == {}
