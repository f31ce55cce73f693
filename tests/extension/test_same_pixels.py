"""What is seen at frame i in Blender's window is pair i: the same pixels as the farm's own script renders."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from manifests.files import read_manifest
from manifests.schema import to_dict
from worker.blender import Blender, build_command, headless_script
from worker.develop import read_exr


def test_a_still_of_the_window_is_the_pair_of_the_farm(
    inside: Callable[..., Any], blender: str, examples: Path, tmp_path: Path
) -> None:
    path = examples / "painted_block.yaml"
    text = path.read_text().replace("image_px: [576, 576]", "image_px: [96, 96]").replace("samples: 32", "samples: 4")
    path.write_text(text)
    frames = [5, 0]  # back and forth, as nobody renders on a farm
    window, farm = tmp_path / "window", tmp_path / "farm"
    farm.mkdir()
    seen = inside("rendering.picture", path, window, *frames)

    (part,) = (examples / ".defectory").glob("*.npz")
    shard = {"manifest": to_dict(read_manifest(path)), "frames": sorted(frames), "part": str(part), "folder": str(farm)}
    file = tmp_path / "shard.json"
    file.write_text(json.dumps(shard | {"device": "cpu", "threads": 1}))
    kind = "module" if Path(blender).name.startswith("python") else "binary"
    command = build_command(Blender(kind, blender, "test"), headless_script(), file)
    # The script ends when its standard input does, so that stays open until it is done.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [line for line in process.stdout if line.startswith("DEFECTORY ")]
    assert process.returncode == 0, told

    for frame, still in zip(frames, seen, strict=True):
        light, labels = read_exr(Path(still))
        wanted_light, wanted_labels = read_exr(farm / f"{frame:07d}.exr")
        assert light.shape == (96, 96, 4)
        assert light[..., :3].max() > 0.1
        assert labels.any()
        assert np.array_equal(light, wanted_light), frame
        assert np.array_equal(labels, wanted_labels), frame
