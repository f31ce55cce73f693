"""Faults cost at most the frames in flight: whatever dies, hangs or is damaged, each pair comes once, and whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Command, pictures
from .faulty_blender import DAMAGE, faulty_blender, plant

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")


@pytest.fixture
def program(defectory: Command, tmp_path: Path) -> Path:
    """A Blender with faults, which the command uses."""
    program = faulty_blender(tmp_path / "blender")
    defectory.changes = {"DEFECTORY_BLENDER": str(program)}
    return program


def render(defectory: Command, manifest: Path, out: Path, *words: object) -> subprocess.CompletedProcess[str]:
    done = defectory("render", manifest, "--out", out, "--device", "cpu", *words)
    assert not defectory.processes()
    return done


def tries(out: Path, frame: int) -> list[dict[str, object]]:
    return list(json.loads((out / "failures" / f"{frame:07d}.json").read_text())["tries"])


@pytest.mark.parametrize("victim", ["horse", "worker", "blender"])
def test_kill_in_mid_frame(
    defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path, victim: str
) -> None:
    """Proofs 1 and 2: the old Blender is dead before the retry; each pair comes once."""
    for frame in (1, 5):
        plant(program, frame, victim)
    done = render(defectory, rendered[0], tmp_path / "set")
    assert done.returncode == 0, done.stderr
    assert not list((program.parent / "faults").iterdir())
    assert not (program.parent / "beside").exists()
    assert pictures(tmp_path / "set") == pictures(rendered[1])
    assert not list((tmp_path / "set" / "failures").glob("*"))


def test_frame_that_hangs(defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    """Proof 3: no Blender is left ten seconds after the limit; the frame is quarantined, the others are done."""
    defectory.changes |= {"DEFECTORY_FRAME_SECONDS": "30"}
    plant(program, 4, "hang", "hang", "hang")
    done = render(defectory, rendered[0], tmp_path / "set")
    assert done.returncode == 2
    assert "frame 4 failed: Blender took longer than its limit of" in done.stderr
    good = pictures(rendered[1])
    assert pictures(tmp_path / "set") == {path: good[path] for path in good if "0000004" not in path}
    assert [each["kind"] for each in tries(tmp_path / "set", 4)] == ["timeout"] * 3
    assert all(each["log"] for each in tries(tmp_path / "set", 4))


def test_damaged_output(defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    """Proof 8: no damage passes for a pair, and only the frames that were hit are rendered again."""
    kinds = ["truncated", "empty", "black", "small", "maskless", "mislabelled", "other"]
    assert set(kinds) == set(DAMAGE)
    for frame, kind in enumerate(kinds, start=1):
        plant(program, frame, kind)
    plant(program, 8, *["black"] * 3)
    done = render(defectory, rendered[0], tmp_path / "set")
    assert done.returncode == 2
    assert "frame 8 failed: the render is black wherever the part is" in done.stderr
    good = pictures(rendered[1])
    assert pictures(tmp_path / "set") == {path: good[path] for path in good if "0000008" not in path}
    assert [each["kind"] for each in tries(tmp_path / "set", 8)] == ["output"] * 3
    counts = Counter((program.parent / "rendered").read_text().split())
    assert counts == {"0": 1, "8": 3} | {str(frame): 2 for frame in range(1, 8)}


def test_blender_that_dies_or_grows(
    defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path
) -> None:
    """The frame is tried again, alone, and the rest goes on."""
    defectory.changes |= {"DEFECTORY_MEMORY_GB": "1.5"}
    plant(program, 2, "segfault", "segfault")
    plant(program, 7, "grow")
    done = render(defectory, rendered[0], tmp_path / "set")
    assert done.returncode == 0, done.stderr
    assert pictures(tmp_path / "set") == pictures(rendered[1])
    assert not list((program.parent / "faults").iterdir())
    assert not (program.parent / "beside").exists()
