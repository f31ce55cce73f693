"""Workers: stopped once and twice, left by their Redis, bad from the start; each shard is rendered, and once."""

from __future__ import annotations

import os
import random
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.farm import board
from worker.farm.runs import FarmRun

from .conftest import ROOT, Command, marked, pictures, wait_until, write_manifest
from .disks import fill, small_disk
from .farms import Farm, Node, pairs

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")


@pytest.fixture
def farm(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Farm]:
    made = Farm(tmp_path, appending=getattr(request, "param", "") == "appending")
    made.start_redis()
    yield made
    made.end()


def made(path: Path) -> dict[Path, int]:
    """When each picture of a data set was written."""
    return {picture: picture.stat().st_mtime_ns for picture in path.glob("pairs/*/*/*.png")}


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def complete(farm: Farm, out: Path, frames: int) -> None:
    """A data set comes to be whole, and its report is written by the farm itself."""
    wait_until(lambda: pairs(out) == frames, seconds=180)
    wait_until((out / "report.html").exists)
    assert "0 damaged" in farm.command("verify", out)
    assert "complete" in farm.command("status", out)


def blenders(node: Node) -> list[int]:
    return [pid for pid, line in marked(node.mark).items() if "headless.py" in line]


def test_first_sigterm_commits_the_frame_in_flight_and_the_second_requeues(farm: Farm, tmp_path: Path) -> None:
    out = tmp_path / "set"
    manifest = write_manifest(tmp_path / "m", instances=1, views={"kind": "ring", "count": 7}, render={"samples": 64})
    farm.command("submit", manifest, "--out", out, "--device", "cpu")
    patient = farm.start_worker()
    wait_until(lambda: pairs(out) >= 1)
    # Blender is held, so that a frame is in flight whatever else this machine does.
    held = blenders(patient)
    signal_all(held, signal.SIGSTOP)
    time.sleep(0.5)
    there = pairs(out)
    patient.process.terminate()
    signal_all(held, signal.SIGCONT)
    assert patient.process.wait(timeout=60) == 0
    assert there + 1 <= pairs(out) <= there + 2 < 7, "the frame in flight is committed, and no more are begun"
    assert not patient.children()
    assert farm.shards(out) == {"waiting": 1, "running": 0, "done": 0, "given up": 0}

    there = pairs(out)
    hasty = farm.start_worker()
    wait_until(lambda: blenders(hasty))
    signal_all(blenders(hasty), signal.SIGSTOP)
    hasty.process.terminate()
    time.sleep(1.2)  # RQ takes two signals within a second for one
    assert hasty.process.poll() is None
    hasty.process.terminate()
    hasty.process.wait(timeout=10)
    assert not hasty.children()
    assert pairs(out) <= there + 1
    assert farm.shards(out) == {"waiting": 1, "running": 0, "done": 0, "given up": 0}

    farm.start_worker()
    complete(farm, out, 7)


def test_redis_that_forgets_everything(farm: Farm, tmp_path: Path) -> None:
    out = tmp_path / "set"
    manifest = write_manifest(tmp_path / "m", render={"samples": 64})
    farm.command("submit", manifest, "--out", out, "--device", "cpu", "--shard-frames", "3")
    node = farm.start_worker()
    wait_until(lambda: pairs(out) >= 1)
    time.sleep(random.uniform(0, 1))
    farm.kill_redis()
    time.sleep(0.5)
    farm.start_redis()
    before = made(out)
    # Half-written jobs, as a work-horse that outlived Redis leaves them: they must stand in nobody's way.
    ghost = f"ghost-of-{out.name}"
    farm.redis.hset(f"rq:job:{ghost}", "status", "started")
    farm.redis.rpush(FarmRun(out, "tiny").queue(farm.redis).key, ghost)
    farm.command("resume", out, "--device", "cpu", "--shard-frames", "3")
    complete(farm, out, 9)
    assert before.items() <= made(out).items(), "committed pairs are kept as they are"
    assert node.process.poll() is None, "the worker waited for Redis"
    assert farm.shards(out)["given up"] == 0

    # So may what is left to do when every pair is there.
    (out / "report.html").unlink()
    farm.kill_redis()
    farm.start_redis()
    assert "nothing is missing" in farm.command("resume", out, "--device", "cpu")
    complete(farm, out, 9)


@pytest.mark.parametrize("farm", ["appending"], indirect=True)
def test_redis_that_comes_back_with_its_append_only_file(farm: Farm, tmp_path: Path) -> None:
    out = tmp_path / "set"
    manifest = write_manifest(tmp_path / "m", render={"samples": 64})
    farm.command("submit", manifest, "--out", out, "--device", "cpu", "--shard-frames", "3")
    node = farm.start_worker()
    for _ in range(2):
        there = pairs(out)
        wait_until(lambda there=there: pairs(out) > there)  # type: ignore[misc]
        time.sleep(random.uniform(0, 1))
        farm.kill_redis()
        time.sleep(0.3)
        farm.start_redis()
    complete(farm, out, 9)
    assert node.process.poll() is None
    wait_until(lambda: farm.shards(out) == {"waiting": 0, "running": 0, "done": 3, "given up": 0})


def test_submitted_twice_at_once(farm: Farm, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    manifest, out = rendered[0], tmp_path / "set"
    words = ("submit", manifest, "--out", out, "--device", "cpu", "--shard-frames", "2")
    command = Command(changes={"DEFECTORY_REDIS_URL": farm.url})
    for _ in range(2):
        farm.start_worker()
    both = []
    for _ in range(2):
        both.append(command.start(*words, stdout=subprocess.PIPE))
        time.sleep(random.uniform(0, 0.2))
    said = [process.communicate(timeout=120)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    none, shards = sorted(int(re.findall(r"(\d+) shards handed over", text)[0]) for text in said)
    assert none == 0 < shards, "who comes second finds all of it in the queue"
    complete(farm, out, 9)
    wait_until(lambda: farm.shards(out) == {"waiting": 0, "running": 0, "done": shards, "given up": 0})
    assert pictures(out) == pictures(rendered[1])


def test_disk_that_fills_up_while_a_frame_is_written(farm: Farm, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=20) as mounted:
        if not mounted:
            pytest.skip("needs the right to mount a small disk")
        out = tmp_path / "disk" / "set"
        farm.command("submit", rendered[0], "--out", out, "--device", "cpu")
        node = farm.start_worker()
        wait_until(lambda: blenders(node))
        # Blender is held at some moment, so that there is something left to be written.
        wait_until(lambda: pairs(out) >= random.randrange(3))
        held = blenders(node)
        signal_all(held, signal.SIGSTOP)
        fill(tmp_path / "disk" / "balloon")
        signal_all(held, signal.SIGCONT)
        wait_until(lambda: farm.states().get(node.process.pid, ("", ""))[0] == "unfit")
        assert "is nearly full" in farm.states()[node.process.pid][1]
        assert "is nearly full" in " ".join(farm.command("workers").split())
        assert "the disk is full; free some space" in " ".join(farm.command("status").split())
        there = pairs(out)
        assert there < 9
        assert f"{there} pairs verified, 0 damaged" in farm.command("verify", out)
        assert not list(out.glob("failures/*"))
        assert farm.shards(out)["waiting"] and not farm.shards(out)["given up"]
        (tmp_path / "disk" / "balloon").unlink()
        complete(farm, out, 9)
        assert pictures(out) == pictures(rendered[1])
        farm.end()


def _program(path: Path, text: str) -> str:
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_bad_nodes_park_and_the_others_finish(farm: Farm, tmp_path: Path) -> None:
    out = tmp_path / "set"
    # The real Blender, asked for a device that this machine does not have; and one whose script raises.
    hidden = f"""import json, os, sys
shard = sys.argv[-1]
asked = json.load(open(shard))
json.dump(asked | {{"device": "cuda"}}, open(shard, "w"))
os.execv(sys.executable, [sys.executable, {str(ROOT / "blender_addon" / "headless.py")!r}, "--", shard])
"""
    bad = [
        farm.start_worker(DEFECTORY_BLENDER="/nowhere/blender"),
        farm.start_worker(DEFECTORY_BLENDER=_program(tmp_path / "raising", "raise RuntimeError('no licence')")),
        farm.start_worker(DEFECTORY_BLENDER=_program(tmp_path / "hidden", hidden)),
    ]
    farm.command("submit", write_manifest(tmp_path / "m"), "--out", out, "--device", "cpu", "--shard-frames", "3")
    wait_until(lambda: [state for state, _ in farm.states().values()] == 3 * ["parked"], seconds=60)
    for node, expected in zip(bad, ("is no program", "no licence", "device 'cuda' is not available")):
        reason = farm.states()[node.process.pid][1]
        assert reason.startswith("3 shards in a row failed: ")
        assert expected in reason
    assert pairs(out) == 0
    farm.start_worker()
    complete(farm, out, 9)
    assert farm.shards(out)["given up"] == 0, "what a bad machine failed is no fault of the shard's"
    assert all(node.process.poll() is None for node in bad), "parked, not gone"
    text = farm.command("workers")
    assert "parked" in text and "no licence" in text


def test_worker_that_lacks_what_a_run_needs_takes_none(farm: Farm, tmp_path: Path) -> None:
    out, other = tmp_path / "set", tmp_path / "other"
    manifest = write_manifest(tmp_path / "m", instances=1)
    farm.command("submit", manifest, "--out", out, "--device", "metal", "--priority", "5")
    farm.command("submit", manifest, "--out", other, "--device", "cpu", "--tag", "big", "--frames", "0:1")
    pid = farm.start_worker().process.pid
    wait_until(lambda: farm.states().get(pid, ("", ""))[0] == "unfit", seconds=40)
    reason = farm.states()[pid][1]
    assert "device 'metal' is not available" in reason and "lacks the tag big" in reason
    assert "none of 1 workers takes shards" in farm.command("status")
    assert pairs(out) == pairs(other) == 0
    farm.start_worker(DEFECTORY_TAGS="small, big")
    wait_until(lambda: pairs(other) == 1)
    assert pairs(out) == 0


def test_drained_host_takes_none_until_it_is_let_go_on(farm: Farm, tmp_path: Path) -> None:
    out = tmp_path / "set"
    pid = farm.start_worker().process.pid

    def comes_to_be(state: str) -> bool:
        return farm.states().get(pid, ("", ""))[0] == state

    wait_until(lambda: comes_to_be("idle"))
    tool = [str(Path(sys.executable).parent / "rq"), "info", "--raw", "--url", farm.url]
    assert f" {pid}) idle render" in subprocess.run(tool, capture_output=True, text=True, check=True).stdout
    host = os.uname().nodename
    assert "take no more" in farm.command("drain", host)
    farm.command("submit", write_manifest(tmp_path / "m"), "--out", out, "--device", "cpu", "--frames", "0:1")
    wait_until(lambda: comes_to_be("drained"))
    farm.command("pause", out)
    farm.command("drain", host, "--undo")
    wait_until(lambda: comes_to_be("idle"))
    assert "paused" in farm.command("status")
    assert pairs(out) == 0
    farm.command("cancel", out)
    assert not board.look(farm.redis).runs
    farm.command("resume", out, "--device", "cpu", "--frames", "0:1")
    wait_until(lambda: pairs(out) == 1)
