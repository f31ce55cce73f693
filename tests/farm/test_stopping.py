"""However a run is ended, nothing keeps running, nothing is torn, and the same command goes on."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from .conftest import Command, pictures, wait_until, write_manifest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

FRAMES = 9


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Nine frames that take a moment each."""
    return write_manifest(tmp_path, "slow", render={"samples": 1024})


def pairs(folder: Path) -> int:
    return len(list(folder.glob("pairs/*/*")))


def finish(defectory: Command, slow: Path, out: Path) -> None:
    """The same command completes the data set, and no pair is damaged."""
    before = {path: path.stat().st_mtime_ns for path in out.glob("pairs/*/*/*.png")}
    done = defectory("render", slow, "--out", out, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert pairs(out) == FRAMES
    assert len((out / "index.jsonl").read_text().splitlines()) == FRAMES
    assert all(path.stat().st_mtime_ns == mtime for path, mtime in before.items())
    assert defectory("verify", out).returncode == 0
    assert not [path for path in (out / ".attempts").iterdir() if path.is_dir()]


def test_ctrl_c_in_a_terminal(defectory: Command, slow: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    keyboard, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, b"\x18\x00\x78\x00\x00\x00\x00\x00")

    def take_the_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # As a shell in a terminal gives it; tests that run in the background inherit an ignored Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    words = ("render", slow, "--out", out, "--workers", "2", "--device", "cpu")
    process = defectory.start(
        *words, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, preexec_fn=take_the_terminal
    )
    os.close(terminal)
    shown: list[bytes] = []

    def watch() -> None:
        # The terminal reports an error once the last process has left it.
        try:
            while piece := os.read(keyboard, 4096):
                shown.append(piece)
        except OSError:
            return

    watcher = threading.Thread(target=watch)
    watcher.start()
    wait_until(lambda: pairs(out) >= 1 and b"pairs/s" in b"".join(shown))
    assert len(defectory.processes()) >= 6, "Redis, workers, horses and Blenders run"
    pressed = time.monotonic()
    os.write(keyboard, b"\x03")
    assert process.wait(timeout=20) == 130
    assert time.monotonic() - pressed < 5
    assert not defectory.processes()
    watcher.join(timeout=5)
    os.close(keyboard)
    screen = b"".join(shown).decode()
    there = pairs(out)
    assert f"stopped; {there} of 9 pairs are there, the same command goes on" in " ".join(screen.split())
    assert len((out / "index.jsonl").read_text().splitlines()) == there < FRAMES
    finish(defectory, slow, out)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signal(defectory: Command, slow: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "set"
    process = defectory.start("render", slow, "--out", out, "--device", "cpu", stderr=subprocess.PIPE)
    wait_until(lambda: pairs(out) >= 1)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    if number == signal.SIGTERM:
        assert process.returncode == 130
        assert b"the same command goes on" in said
        assert not defectory.processes()
    else:
        wait_until(lambda: not defectory.processes(), seconds=5)
    finish(defectory, slow, out)


def victim(defectory: Command, which: str) -> int:
    """Process id of the worker, its horse or its Blender."""
    running = defectory.processes()
    if which == "blender":
        return next((pid for pid, line in running.items() if "headless.py" in line), 0)
    rq = sorted(pid for pid, line in running.items() if "rq.cli" in line)
    leaders = [pid for pid in rq if os.getsid(pid) == pid]
    horses = [pid for pid in rq if pid not in leaders]
    return next(iter(leaders if which == "worker" else horses), 0)


def renders(defectory: Command) -> int:
    """How many Blenders run at one moment: those that two looks in a row both find, as a look takes its time."""
    return len(blenders(defectory) & blenders(defectory))


def blenders(defectory: Command) -> set[int]:
    """Process ids of Blenders, without those that one of them is forking."""
    found = {pid for pid, line in defectory.processes().items() if "headless.py" in line}
    return {pid for pid in found if parent(pid) not in found}


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_killed_helpers_are_replaced(defectory: Command, slow: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    process = defectory.start("render", slow, "--out", out, "--device", "cpu", stderr=subprocess.PIPE)
    most = 0
    for which in ("blender", "horse", "worker"):
        there = pairs(out)
        while pairs(out) == there or not victim(defectory, which):
            assert process.poll() is None, process.communicate()[1]
            most = max(most, renders(defectory))
        os.kill(victim(defectory, which), signal.SIGKILL)
    while process.poll() is None:
        most = max(most, renders(defectory))
        time.sleep(0.01)
    assert process.returncode == 0, process.communicate()[1]
    assert most == 1, "no shard is rendered beside the one that was killed"
    assert pairs(out) == FRAMES
    assert defectory("verify", out).returncode == 0
    assert not defectory.processes()


def test_second_run_waits_its_turn(defectory: Command, slow: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    process = defectory.start("render", slow, "--out", out, "--device", "cpu", stderr=subprocess.DEVNULL)
    wait_until(lambda: pairs(out) >= 1)
    second = defectory("render", slow, "--out", out, "--device", "cpu")
    assert second.returncode == 2
    assert "another defectory renders into it" in second.stderr
    assert ", being rendered" in defectory("status", out).stdout
    process.terminate()
    assert process.wait(timeout=10) == 130
    assert pictures(out)
