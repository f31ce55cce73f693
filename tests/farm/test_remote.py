"""A Redis under a URL, and workers that somebody started with ``rq worker render``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.farm.embedded_redis import redis_program

from .conftest import Command, pictures, wait_until, write_manifest


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A Redis of somebody else's."""
    socket = tmp_path / "r.sock"
    settings = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([redis_program(), *settings], stdout=subprocess.DEVNULL)
    wait_until(socket.exists)
    yield f"unix://{socket}"
    server.kill()
    server.wait()


@pytest.fixture
def worker(url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What a person types on another machine: ``rq worker render``, in a folder of its own."""
    command = Command(changes={"RQ_REDIS_URL": url, "RQ_WORKER_CLASS": "worker.farm.FarmWorker"})
    here = tmp_path / "elsewhere"
    here.mkdir()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "rq"), "worker", "render"],
        cwd=here,
        env=command.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.mark = command.mark  # type: ignore[attr-defined]
    yield process
    for pid in command.processes():
        os.kill(pid, signal.SIGKILL)
    process.wait()


def test_farm_makes_the_same_data_set(
    url: str, worker: subprocess.Popen[bytes], defectory: Command, rendered: tuple[Path, Path], tmp_path: Path
) -> None:
    manifest, folder = rendered
    defectory.changes = {"DEFECTORY_REDIS_URL": url}
    done = defectory("render", manifest, "--out", tmp_path / "set", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert pictures(tmp_path / "set") == pictures(folder)
    assert worker.poll() is None


def test_stopping_takes_the_work_back_and_leaves_the_worker(
    url: str, worker: subprocess.Popen[bytes], defectory: Command, tmp_path: Path
) -> None:
    manifest, out = write_manifest(tmp_path, render={"samples": 512}), tmp_path / "set"
    process = defectory.start("render", manifest, "--out", out, "--redis", url, "--device", "cpu")
    wait_until(lambda: list(out.glob("pairs/*/*")))
    process.terminate()
    assert process.wait(timeout=10) == 130
    left = Command(mark=worker.mark).processes()  # type: ignore[attr-defined]
    assert list(left) == [worker.pid]
    assert worker.poll() is None


def test_nobody_at_work_is_said(url: str, defectory: Command, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path)
    process = defectory.start("render", manifest, "--out", tmp_path / "set", "--redis", url, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"nobody works on queue 'render': start 'rq worker -w worker.farm.FarmWorker" in process.stdout.readline()
    process.terminate()
    assert process.wait(timeout=10) == 130
