"""A tiny data set, the command in a process of its own, and the processes that it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Command:
    """``defectory`` with an environment whose mark all its descendants carry."""

    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    changes: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        paths = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(ROOT)]
        env = {k: v for k, v in os.environ.items() if k not in ("DEFECTORY_REDIS_URL", "DEFECTORY_BLENDER")}
        return env | {"PYTHONPATH": os.pathsep.join(paths), "DEFECTORY_TEST_MARK": self.mark} | self.changes

    def arguments(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "worker.cli", *map(str, words)]

    def __call__(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.arguments(*words), env=self.environment(), capture_output=True, text=True, check=False, timeout=600
        )

    def start(self, *words: object, **how: Any) -> subprocess.Popen[bytes]:
        """Start it and go on."""
        return subprocess.Popen(self.arguments(*words), env=self.environment(), **how)

    def processes(self) -> dict[int, str]:
        """Process ids and command lines of whatever runs with the mark."""
        return marked(self.mark)


def marked(mark: str) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        # A process may end between one look and the next; a zombie has neither environment nor command line.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def wait_until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait until something holds; fail when it does not come to."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def defectory() -> Iterator[Command]:
    command = Command()
    yield command
    for pid in command.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def write_box(path: Path, side_mm: float = 20.0) -> None:
    """A cube as binary STL."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float) * side_mm
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces += [[2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *corners[face].ravel(), 0) for face in faces)
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + body)


def write_manifest(folder: Path, name: str = "tiny", **changes: Any) -> Path:
    """Nine frames of 64 x 64 pixels, three of each of three instances, two dents each; a second or two of rendering."""
    folder.mkdir(parents=True, exist_ok=True)
    write_box(folder / "box.stl")
    manifest = {
        "name": name,
        "part": {"file": "box.stl"},
        "camera": {"image_px": [64, 64]},
        "views": {"kind": "ring", "count": 3, "elevation_deg": 20},
        "instances": 3,
        "defects": [{"kind": "dent", "diameter_mm": 4, "depth_mm": 0.6, "count": 2}],
        "parameters": [
            {
                "id": "glow",
                "target": "lights[0].radiance",
                "distribution": {"kind": "uniform", "low": 0.8, "high": 1.2},
            }
        ],
        "render": {"samples": 4},
        "output": {"passes": ["normal_camera", "depth"]},
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(manifest | changes))
    return path


def pictures(folder: Path) -> dict[str, bytes]:
    """Content of every picture and of all passes of a data set by its path."""
    files = [path for path in sorted(folder.glob("pairs/*/*/*")) if path.suffix in (".png", ".exr")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The manifest and a data set rendered from it, one worker, one shard; to be left as it is."""
    folder = tmp_path_factory.mktemp("rendered")
    manifest = write_manifest(folder)
    done = Command()("render", manifest, "--out", folder / "set", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    return manifest, folder / "set"
