"""Every example, the whole way: from its file through the command to verified pairs, small and with few samples."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.files import read_manifest, write_yaml
from manifests.layout import IMAGE, MASK, DataSet
from worker.runs import verify

from .conftest import ROOT, Command

EXAMPLES = {path.stem: path for path in sorted((ROOT / "manifests" / "examples").glob("*.yaml"))}
WIDTH = 96

Render = Callable[[str], DataSet]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Renders the last two frames of an example, where its defects are, once."""
    made: dict[str, DataSet] = {}

    def once(name: str) -> DataSet:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            frames = small(name, folder / "manifest.yaml")
            command = Command(changes={"DEFECTORY_BLENDER": "/nowhere"} if name in ("chess", "noise") else {})
            where = ("--out", folder / "set", "--device", "cpu")
            done = command("render", folder / "manifest.yaml", *where, "--frames", f"{frames - 2}:{frames}")
            assert done.returncode == 0, done.stderr
            made[name] = DataSet(folder / "set")
        return made[name]

    return once


def small(name: str, target: Path) -> int:
    """Write an example with small images and one sample; number of its frames."""
    manifest = read_manifest(EXAMPLES[name])
    camera, part = manifest.camera, manifest.part
    if part is not None:
        width, height = camera.image_px
        camera = dataclasses.replace(camera, image_px=(WIDTH, round(WIDTH * height / width)))
        (target.parent / part.file).parent.mkdir()
        shutil.copy(EXAMPLES[name].parent / part.file, target.parent / part.file)
    render = dataclasses.replace(manifest.render, samples=1, bounces=1) if part is not None else manifest.render
    target.write_text(write_yaml(dataclasses.replace(manifest, camera=camera, render=render)))
    return manifest.frame_count


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.endswith("_small")])
def test_example_renders_and_verifies(name: str, render: Render) -> None:
    data_set = render(name)
    assert [problem for _, problem in verify(data_set.root)] == [None, None]
    records = [json.loads(line) for line in data_set.index_file.read_text().splitlines()]
    assert all(record["defects"] for record in records)
    assert not any("warnings" in record for record in records)
    assert (data_set.root / "report.html").stat().st_size > 10_000


def test_the_small_bricks_are_the_bricks_in_smaller_images() -> None:
    large, few = (read_manifest(EXAMPLES[name]) for name in ("polymer_bricks", "polymer_bricks_small"))
    camera = dataclasses.replace(large.camera, image_px=(1062, 708))
    assert few == dataclasses.replace(large, name=few.name, camera=camera)


def test_the_plain_block_is_the_painted_one_without_texture() -> None:
    painted, plain = (read_manifest(EXAMPLES[name]) for name in ("painted_block", "painted_block_plain"))
    drawn = tuple(p for p in painted.parameters if p.id in {q.id for q in plain.parameters})
    assert plain == dataclasses.replace(painted, name=plain.name, surface=plain.surface, parameters=drawn)


def pixels(data_set: DataSet, frame: int, name: str) -> np.ndarray:
    with Image.open(data_set.pair_folder(frame) / name) as picture:
        return np.asarray(picture)


def test_plates_with_and_without_water_differ_by_the_water_alone(render: Render) -> None:
    clean, wet = render("plates"), render("plates_water_stains")
    frames = clean.complete_frames()
    changed = [np.abs(pixels(clean, f, IMAGE).astype(int) - pixels(wet, f, IMAGE)) > 0 for f in frames]
    value = read_manifest(wet.manifest_file).labels["water_stain"]
    water = [pixels(wet, f, MASK) == value for f in frames]
    near = [np.array(grown(mask)) for mask in water]
    assert any(mask.any() for mask in water)
    for frame, change, mask in zip(frames, changed, near):
        assert not (change & ~mask).any()
        assert [d["position_mm"] for d in clean.record(frame)["defects"]] == [
            d["position_mm"] for d in wet.record(frame)["defects"]
        ]
    assert sum(int((c & m).sum()) for c, m in zip(changed, water)) > 0.3 * sum(int(m.sum()) for m in water)


def grown(mask: np.ndarray) -> np.ndarray:
    """A mask and the two pixels around it, into which the pixel filter carries its light."""
    wide = np.pad(mask, 2)
    rows, columns = mask.shape
    shifts = [wide[r : r + rows, c : c + columns] for r in range(5) for c in range(5)]
    return np.logical_or.reduce(shifts)
