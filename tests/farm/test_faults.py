"""Faults cost at most the frames in flight: whatever dies, hangs or is damaged, each pair comes once, and whole."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.registry import StartedJobRegistry

from worker.farm.embedded_redis import embedded_redis
from worker.processes import identify, is_alive

from .conftest import Command, pictures, wait_until
from .disks import small_disk
from .faulty_blender import DAMAGE, faulty_blender, plant
from .soak import soak

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


def test_kills_in_mid_frame(defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    """Proofs 1 and 2: the old Blender is dead before the retry; each pair comes once."""
    for frame, victim in ((1, "horse"), (3, "worker"), (5, "blender"), (7, "horse")):
        plant(program, frame, victim)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    defectory.changes |= {"TMPDIR": str(scratch)}
    done = render(defectory, rendered[0], tmp_path / "set")
    assert done.returncode == 0, done.stderr
    assert not list(scratch.iterdir()), "nobody leaves scratch files, however it ends"
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
    failed = tries(tmp_path / "set", 4)
    assert [each["kind"] for each in failed] == ["timeout"] * 3
    hung = sorted(path.stat().st_mtime for path in program.parent.glob("hung.*"))
    for since, each in zip(hung, failed, strict=True):
        assert each["log"]
        # A try is written down when its Blender is dead.
        limit_s = float(str(each["reason"]).partition("limit of ")[2].split()[0])
        assert datetime.fromisoformat(str(each["at"])).timestamp() - since < limit_s + 10


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


def bare(rendered: tuple[Path, Path], folder: Path) -> Path:
    """The data set without its pairs."""
    shutil.copytree(rendered[1], folder, ignore=lambda _, names: {"pairs", ".attempts", "index.jsonl"} & set(names))
    return folder


def start_worker(defectory: Command, url: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "rq.cli", "worker", "race", "--burst", "--url", url]
    return subprocess.Popen(words, env=defectory.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_worker_that_froze_is_taken_over(
    defectory: Command, program: Path, rendered: tuple[Path, Path], tmp_path: Path
) -> None:
    """Proof 2 where nobody dies by himself: RQ runs the job again while horse and Blender of the first run live."""
    folder = bare(rendered, tmp_path / "set")
    plant(program, 4, "hang")
    with embedded_redis() as url, contextlib.closing(Redis.from_url(url)) as redis:
        queue = Queue("race", connection=redis)
        arguments = (str(folder), list(range(9)), "cpu")
        job = queue.enqueue_call("worker.jobs.render_shard", args=arguments, timeout=-1, retry=Retry(2))
        frozen = start_worker(defectory, url)
        wait_until(lambda: list(program.parent.glob("hung.*")), seconds=120)
        blender = int(next(program.parent.glob("hung.*")).suffix[1:])
        horse = parent(blender)
        for pid in (frozen.pid, horse):
            os.kill(pid, signal.SIGSTOP)
        # What RQ does by itself a minute after the last heartbeat.
        registry = StartedJobRegistry(queue=queue)
        for execution in redis.zrange(registry.key, 0, -1):
            redis.zadd(registry.key, {execution: 1})
        registry.cleanup()
        assert start_worker(defectory, url).wait(timeout=300) == 0
        assert job.get_status(refresh=True) == "finished"
        assert not is_running(horse) and not is_running(blender)
        frozen.kill()
        frozen.wait()
    assert not (program.parent / "beside").exists()
    assert pictures(folder) == pictures(rendered[1])


def test_two_workers_race_for_the_same_frames(defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    """Proof 9: one valid pair each, and the same whoever was first."""
    folder = bare(rendered, tmp_path / "set")
    with embedded_redis() as url, contextlib.closing(Redis.from_url(url)) as redis:
        queue = Queue("race", connection=redis)
        arguments = (str(folder), list(range(9)), "cpu")
        jobs = [queue.enqueue_call("worker.jobs.render_shard", args=arguments, timeout=-1) for _ in range(2)]
        workers = []
        for _ in jobs:
            workers.append(start_worker(defectory, url))
            time.sleep(random.uniform(0, 0.5))
        assert [worker.wait(timeout=300) for worker in workers] == [0, 0]
        committed = [job.return_value(refresh=True) for job in jobs]
    assert None not in committed and sum(committed) == 9
    assert pictures(folder) == pictures(rendered[1])
    assert defectory("verify", folder).returncode == 0
    assert not [path for path in (folder / ".attempts").iterdir() if path.is_dir()]


def test_disk_that_is_full_and_then_is_not(defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    """Proof 7: said in one line, nothing torn, no frame blamed; with space made, the run completes."""
    disk = tmp_path / "disk"
    with small_disk(disk, megabytes=0.15) as mounted:
        if not mounted:
            pytest.skip("needs the right to mount a small disk")
        done = render(defectory, rendered[0], disk / "set")
        assert done.returncode == 2
        assert "the disk is full; free some space" in done.stderr
        assert done.stderr.count("\n") == 1
        there = len(list(disk.glob("set/pairs/*/*")))
        assert there < 9
        assert defectory("verify", disk / "set").stdout == f"{there} pairs verified, 0 damaged\n"
        assert not list((disk / "set").glob("failures/*"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        done = render(defectory, rendered[0], disk / "set")
        assert done.returncode == 0, done.stderr
        assert pictures(disk / "set") == pictures(rendered[1])


def test_short_soak(tmp_path: Path) -> None:
    found = soak(tmp_path, frames=18, faults=14, seed=random.randrange(10**6))
    print(found.text())
    assert not found.problems


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_running(pid: int) -> bool:
    process = identify(pid)
    return process is not None and is_alive(process)
