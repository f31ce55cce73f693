"""A data set with twins and photographs behind its parts carries all that its pairs are made of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from .conftest import Command, pictures, write_manifest


def test_twins_and_photographs_travel_with_the_data_set(defectory: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    output = {"flatten": True, "backgrounds": [{"kind": "photographs", "folder": "walls"}]}
    # In four samples the dents, which are lit from the front, drown.
    more = {"render": {"samples": 16}, "instances": 1}
    manifest = write_manifest(home, output=output, twin={"without": ["dent"]}, **more)
    said = defectory("render", manifest, "--out", tmp_path / "set")
    assert said.returncode == 2
    assert "output.backgrounds[0].folder: " in said.stderr and "there is no such folder" in said.stderr
    assert not (tmp_path / "set").exists()

    (home / "walls").mkdir()
    Image.fromarray(np.full((80, 80, 3), [0, 90, 200], dtype=np.uint8)).save(home / "walls" / "blue.png")
    done = defectory("render", manifest, "--out", tmp_path / "set", "--device", "cpu", "--frames", "0:2")
    assert done.returncode == 0, done.stderr
    line = json.loads((tmp_path / "set" / "index.jsonl").read_text().splitlines()[0])
    shown = [d for d in line["defects"] if d["pixels"]]
    assert all(d["contrast"] >= 0 for d in shown)
    assert any(d["visible"] and d["contrast"] * d["pixels"] ** 0.5 > 5 for d in shown)
    image, twin, visible, mask = (
        np.asarray(Image.open(tmp_path / "set" / line[key])) for key in ("image", "twin", "visible_mask", "mask")
    )
    assert image[0, 0].tolist() == twin[0, 0].tolist() == [0, 90, 200]
    assert (image != twin)[mask > 0].any() and visible.any() and not (visible & ~mask).any()
    assert not list((tmp_path / "set" / ".attempts").glob("**/*.exr"))

    # Neither the manifest's folder nor the photographs are needed any more: the rest, and a pair that was lost.
    shutil.rmtree(home)
    before = pictures(tmp_path / "set")
    (tmp_path / "set" / line["twin"]).write_bytes(b"")
    assert "frame 0: twin.png has changed" in defectory("verify", tmp_path / "set", "--repair").stdout
    done = defectory("resume", tmp_path / "set", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    after = pictures(tmp_path / "set")
    assert {name: after[name] for name in before} == before
    assert len(after) == 3 * len(before) // 2
