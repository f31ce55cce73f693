"""What is exported: what the farm renders, the same each time, and all that a person made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from manifests.files import read_manifest
from manifests.layout import IMAGE, DataSet
from worker import parts
from worker.develop import camera_image, image_and_labels, read_channels

Inside = Callable[..., Any]


def test_what_is_exported_is_what_the_farm_renders(
    inside: Inside, blender: str, command: Path, examples: Path, tmp_path: Path
) -> None:
    """Hand-made things travel with the manifest, and pair i is what Blender itself renders at frame i."""
    folder = tmp_path / "exported"
    folder.mkdir()
    path = folder / "flange.yaml"
    facts = inside("exporting.export_and_render", examples / "parts" / "flange.step", path, command, blender, 3, 0)
    assert facts["export"] == ["FINISHED"], facts["problem"]
    assert facts["again"]
    assert facts["no_command"] == facts["no_farm"] == ["CANCELLED"]
    assert "There is no command 'defectory'" in facts["no_command_problem"]
    assert "No farm is known" in facts["no_farm_problem"]
    assert facts["render"] == ["FINISHED"]
    assert facts["report"]
    assert facts["opened"] == [["FINISHED"], ""]
    assert facts["kept"] == ["Block", "Part"]
    assert facts["identical"]
    assert facts["changed"]
    assert facts["gone"][0] == ["CANCELLED"]
    assert "it was renamed or deleted" in facts["gone"][1]

    data_set = DataSet(Path(facts["data_set"]))
    manifest = read_manifest(data_set.manifest_file)
    assert data_set.complete_frames() == list(range(manifest.frame_count))
    table = parts.table(manifest, parts.prepared_file(data_set))
    for frame, still in zip((3, 0), facts["stills"], strict=True):
        light, _ = image_and_labels(Path(still), read_channels(Path(still)))
        wanted = camera_image(light, manifest, table, frame)
        with Image.open(data_set.pair_folder(frame) / IMAGE) as image:
            assert np.array_equal(np.asarray(image), wanted), frame
        # The block that shines green was made by hand.
        assert (wanted[..., 1].astype(int) - wanted[..., 0] > 50).sum() > 20


def test_an_export_is_the_same_whatever_file_it_was_opened_into(inside: Inside, examples: Path, tmp_path: Path) -> None:
    """What travels is what a person made for this inspection; and nothing of what else there was is lost."""
    parts_folder = examples / "parts"
    facts = inside(
        "exporting.opened_into", parts_folder / "flange.step", parts_folder / "block.stl", tmp_path / "set" / "a.yaml"
    )
    for way, seen in facts.items():
        assert seen["result"] == [["FINISHED"], ""], way
        assert seen["identical"], way
        assert [name for name in seen["objects"] if name in ("Block", "Sheet", "Block.001")] == ["Block", "Sheet"], way
        held, drawn = seen["driven"]
        assert abs(held - drawn) < 1e-6, way
    started = {"Scene": ["Camera", "Cube", "Light"]}
    assert facts["unchanged"]["scenes"] == facts["anew"]["scenes"] == started
    assert facts["crowded"]["scenes"] == {"Scene": ["Block.001", "Camera", "Cube", "Light", "Sheet.001"]}
    # What lies in no other file stays, in a scene that is no inspection any more.
    (kept,) = (objects for name, objects in facts["changed"]["scenes"].items() if name != "Scene")
    assert [name.partition(".")[0] for name in kept] == ["Block", "Sheet"]
    assert facts["another"]["scenes"] == started | {"block": ["Block.001", "Sheet.001"]}


def test_an_export_holds_every_change_by_hand(inside: Inside, examples: Path, tmp_path: Path) -> None:
    noticed = inside("exporting.changed_by_hand", examples / "parts" / "flange.step", tmp_path / "a.yaml")
    assert {name for name, seen in noticed.items() if not seen} == {"nothing", "look"}
