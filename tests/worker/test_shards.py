"""Whose fault it is: a shard in which nothing succeeds blames nobody at first; a frame that fails among others is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from manifests.errors import BlenderError
from manifests.layout import DataSet
from tests.farm.conftest import write_manifest
from worker import runs
from worker.blender.limits import Limits
from worker.pairs.attempts import Attempt, attempt
from worker.pairs.failures import failures
from worker.rendering import Means
from worker.shards import NothingRendered, Shard

TELL = """import json, sys
def tell(event, **facts):
    print('DEFECTORY', json.dumps({'event': event, **facts}), flush=True)
"""
FRAMES = "frames = json.loads(open(sys.argv[-1]).read())['frames']\ntell('ready', blender='4.5', device='cpu')\n"


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    data_set, _, _ = runs.begin(write_manifest(tmp_path), tmp_path / "set", runs.Options(device="cpu"))
    return data_set


def render(data_set: DataSet, frames: list[int], held: Attempt) -> int:
    _, manifest, _ = runs.reopen(data_set.root, runs.Options(device="cpu"))
    return Shard(data_set, manifest, held, Means("cpu", Limits())).render(frames)


def be_blender(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put a program in the place of Blender that never comes to a frame's end."""
    program = folder / "python-that-fails"
    program.write_text(f"#!{sys.executable}\n{TELL}{code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("DEFECTORY_BLENDER", str(program))


def test_blender_that_does_not_start_blames_no_frame(
    data_set: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_blender(tmp_path, monkeypatch, f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\nsys.exit('no licence')")
    with attempt(data_set) as held, pytest.raises(BlenderError, match="no licence"):
        render(data_set, [0, 1, 2, 3], held)
    assert (tmp_path / "starts").read_text() == "xxx"
    assert not failures(data_set)


def test_shard_without_a_success_blames_its_frames_the_second_time(
    data_set: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_blender(tmp_path, monkeypatch, f"{FRAMES}tell('begin', frame=frames[0])\nsys.exit('no paint')")
    first = attempt(data_set, "shard")
    with pytest.raises(NothingRendered, match="frame 0: Blender ended with exit code 1 before it was done: no paint"):
        render(data_set, [0, 1, 2, 3], held := first.__enter__())
    assert not first.__exit__(NothingRendered, NothingRendered(), None)
    assert held.log.read_text().count("no paint") == 3, "the fourth is not even tried"
    assert not failures(data_set)
    with attempt(data_set, "shard") as held:
        assert render(data_set, [0, 1], held) == 0
    assert [(f.frame, f.kind, len(f.tries), f.quarantined) for f in failures(data_set)] == [
        (0, "crash", 3, True),
        (1, "crash", 3, True),
    ]
