"""Tuning, with real renders: small ones of a box whose light has noise."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from manifests.files import read_manifest, write_yaml
from manifests.schema import Render
from tests.blender.rendering import manifest, write_box
from worker.cli import main
from worker.commands.tuning import _scene_key
from worker.tuning.measuring import Measured, relative_error
from worker.tuning.search import _samples_for


def test_relative_error_looks_at_the_part_alone() -> None:
    reference = np.zeros((2, 2, 4), dtype=np.float32)
    reference[0] = 0.5, 0.5, 0.5, 1.0
    light = reference.copy()
    light[0, 0, :3] = 0.6
    light[1] = 7.0
    assert relative_error(light, reference) == pytest.approx(0.1**2 / 0.26 / 2, rel=1e-5)


@pytest.mark.parametrize(("errors", "target", "expected"), [((0.16, 0.04), 0.01, 64), ((0.02, 0.005), 0.02, 4)])
def test_samples_follow_the_power_law(errors: tuple[float, float], target: float, expected: int) -> None:
    measured = [Measured(error, 1.0, 1.0, 1.0) for error in errors]
    assert _samples_for([4, 16], measured, target) == expected


def test_what_is_found_reaches_the_error_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_box(tmp_path)
    what = replace(manifest(repeats=3), render=Render(samples=16, bounces=8, denoise=False))
    Path("box.yaml").write_text(write_yaml(what))
    options = ["--frames", "1", "--crop", "24", "--reference-samples", "128", "--device", "cpu"]

    def tuned(name: str) -> Render:
        with pytest.raises(SystemExit) as exit_:
            main(["tune", "box.yaml", "--write", name, *options])
        assert exit_.value.code == 0, capsys.readouterr().err
        return read_manifest(Path(name)).render

    first = tuned("tuned.yaml")
    said = capsys.readouterr().out
    assert "render:" in said and "relative mean squared error" in said
    assert first.persistent_data == (float(said.split("keeping the scene between frames: ")[1].split()[0]) < 0.97)
    assert first.preset == "custom"
    (folder,) = Path("box.tune").iterdir()
    journal = folder / "measured.jsonl"
    lines = journal.read_text().splitlines()
    # Stopped in the middle of a line, half of the work done: only the rest is measured again.
    kept = len(lines) // 2
    journal.write_text("\n".join(lines[:kept]) + "\n" + lines[kept][:20])
    shutil.copy("tuned.yaml", "kept.yaml")
    assert tuned("again.yaml").bounces <= 8
    again = journal.read_text().splitlines()
    assert again[:kept] == lines[:kept]
    assert len(set(again)) == len(again)
    kinds = {path.suffix for path in folder.iterdir() if path.is_file()}
    assert kinds == {".jsonl", ".npy"} and [path.name for path in folder.iterdir() if path.is_dir()] == ["part"]


def test_another_scene_is_measured_apart(tmp_path: Path) -> None:
    write_box(tmp_path)
    what = manifest()
    keys = {_scene_key(what, tmp_path), _scene_key(replace(what, render=Render(samples=9)), tmp_path)}
    assert len(keys) == 1
    keys.add(_scene_key(manifest(part={"file": "box.stl", "origin": "base"}), tmp_path))
    with (tmp_path / "box.stl").open("ab") as part:
        part.write(b" ")
    keys.add(_scene_key(what, tmp_path))
    assert len(keys) == 3


def test_a_file_that_exists_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_box(tmp_path)
    Path("box.yaml").write_text(write_yaml(manifest()))
    with pytest.raises(SystemExit) as exit_:
        main(["tune", "box.yaml", "--write", "box.yaml"])
    assert exit_.value.code == 2 and "exists already" in capsys.readouterr().err
    assert not Path("box.tune").exists()
