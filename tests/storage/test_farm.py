"""A farm whose machines share no folder: nothing lost, nothing doubled, nothing torn, whatever dies or goes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.farm.conftest import ROOT, Command, pictures, wait_until
from tests.farm.farms import Farm, Node
from worker.farm.runs import FarmRun, submit

from .conftest import Bucket

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
CHESS = ROOT / "manifests" / "examples" / "chess.yaml"
FRAMES = 8


@pytest.fixture(scope="session")
def in_a_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same data set in a folder."""
    folder = tmp_path_factory.mktemp("rendered") / "set"
    assert Command()("render", CHESS, "--out", folder).returncode == 0
    return folder


@pytest.fixture
def farm(tmp_path: Path, bucket: Bucket) -> Iterator[Farm]:
    """A farm; the command and each worker have a disk of their own."""
    made = Farm(tmp_path)
    made.start_redis()
    yield made
    made.end()


def start_worker(farm: Farm) -> Node:
    return farm.start_worker(DEFECTORY_CACHE=str(farm.folder / f"machine{len(farm.nodes)}"))


def pairs(bucket: Bucket) -> dict[str, str]:
    return {name: mark for name, mark in bucket.names().items() if name.startswith("pairs/")}


def complete(farm: Farm, bucket: Bucket, as_in: Path) -> None:
    """The data set comes to be whole; fetched, it is the same as in a folder."""
    wait_until(lambda: len(pairs(bucket)) == FRAMES, seconds=180)
    # The last shard is concluded, and what attempts have left is gone.
    wait_until(lambda: not any(name.startswith("claims/") for name in bucket.names()), seconds=60)
    out = farm.folder / "fetched"
    assert f"{FRAMES} of {FRAMES} pairs, {FRAMES} fetched" in farm.command("fetch", bucket.url, out)
    assert pictures(out) == pictures(as_in)
    assert (out / "report.html").is_file() and len((out / "index.jsonl").read_text().splitlines()) == FRAMES


def test_two_machines_race_and_a_damaged_pair_is_made_again(farm: Farm, bucket: Bucket, in_a_folder: Path) -> None:
    """Proof 9, and proof 8 for what is damaged afterwards."""
    assert "1 shards handed over" in farm.command("submit", CHESS, "--out", bucket.url, "--shard-frames", "8")
    # The same frames a second time, and two workers that take a shard each.
    assert submit(farm.redis, FarmRun(bucket.url, "chess", FRAMES, unattended=True), [tuple(range(FRAMES))]) == 1
    for _ in range(2):
        start_worker(farm)
    complete(farm, bucket, in_a_folder)
    assert farm.shards(bucket.url)["done"] == 2
    assert "complete" in farm.command("status", bucket.url) and "complete" in farm.command("status")

    name = f"{bucket.url}/pairs/0000/0000003.zip"
    content = bucket.files.cat_file(name)
    bucket.files.pipe_file(name, content[: len(content) // 2])
    out = farm.folder / "again"
    found = Command()("fetch", bucket.url, out)
    assert found.returncode == 2 and "1 damaged pairs: frame 3: pairs/0000/0000003.zip is damaged" in found.stderr
    assert f"{out}: 7 of 8 pairs, 7 fetched" in found.stdout
    found = Command()("verify", bucket.url, "--repair")
    assert found.returncode == 2 and "8 pairs verified, 1 damaged and taken out" in found.stdout
    assert found.stdout.startswith("frame 3: pairs/0000/0000003.zip is damaged")
    left = pairs(bucket)
    assert len(left) == FRAMES - 1
    # Redis has forgotten everything meanwhile.
    farm.kill_redis()
    farm.start_redis()
    assert "1 shards handed over" in farm.command("resume", bucket.url)
    wait_until(lambda: len(pairs(bucket)) == FRAMES)
    assert left.items() <= pairs(bucket).items(), "that pair alone is made again"
    assert "8 pairs verified, 0 damaged" in farm.command("verify", bucket.url)
    assert f"{out}: 8 of 8 pairs, 1 fetched" in farm.command("fetch", bucket.url, out)
    assert pictures(out) == pictures(in_a_folder)
    assert all(node.process.poll() is None for node in farm.nodes)


def test_killed_in_mid_upload(farm: Farm, bucket: Bucket, in_a_folder: Path) -> None:
    farm.command("submit", CHESS, "--out", bucket.url, "--shard-frames", "4")
    bucket.server.tell("hold")
    victim = start_worker(farm)
    assert bucket.server.answer() == "held"
    there = pairs(bucket)
    for pid in [victim.process.pid, *victim.children()]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    victim.process.wait()
    wait_until(lambda: not victim.children(), seconds=10)
    bucket.server.tell("let go")
    assert len(pairs(bucket)) <= len(there) + 1
    assert "0 damaged" in farm.command("verify", bucket.url)
    farm.kill_redis()
    farm.start_redis()
    start_worker(farm)
    farm.command("resume", bucket.url)
    complete(farm, bucket, in_a_folder)
    assert there.items() <= pairs(bucket).items(), "committed pairs are kept as they are"


def test_store_that_goes_and_comes_back(farm: Farm, bucket: Bucket, in_a_folder: Path) -> None:
    farm.command("submit", CHESS, "--out", bucket.url, "--shard-frames", "4")
    bucket.server.tell("hold")
    node = start_worker(farm)
    assert bucket.server.answer() == "held"
    bucket.server.tell("down")
    try:
        bucket.server.tell("let go")
        said = Command()("status", bucket.url)
        assert said.returncode == 2 and "the store cannot be reached" in said.stderr
        assert said.stderr.count("\n") == 1
    finally:
        bucket.server.tell("up")
    complete(farm, bucket, in_a_folder)
    assert node.process.poll() is None
    assert farm.shards(bucket.url)["given up"] == 0


def test_machine_that_cannot_keep_the_set_up_parks(farm: Farm, bucket: Bucket, in_a_folder: Path) -> None:
    farm.command("submit", CHESS, "--out", bucket.url, "--shard-frames", "8")
    (farm.folder / "file").touch()
    bad = farm.start_worker(DEFECTORY_CACHE=str(farm.folder / "file" / "cache"))
    wait_until(lambda: farm.states().get(bad.process.pid, ("", ""))[0] == "parked", seconds=60)
    assert "a file stands where a folder is needed" in farm.states()[bad.process.pid][1]
    assert farm.shards(bucket.url)["waiting"] == 1, "the shard is none the worse"
    start_worker(farm)
    complete(farm, bucket, in_a_folder)


def test_wrong_store_is_refused_before_anything_is_done(farm: Farm, bucket: Bucket, tmp_path: Path) -> None:
    command = Command()
    for url, said in (
        ("s3://nowhere/set", "there is no bucket 'nowhere'"),
        ("gs://bucket/set", "write a folder, or s3://BUCKET/PREFIX"),
    ):
        done = command("render", CHESS, "--out", url)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    done = command("report", bucket.url)
    assert done.returncode == 2 and f"'defectory fetch {bucket.url} DIR'" in done.stderr
    assert not list((tmp_path / "cache").glob("*"))
