"""What the farm is told and what it tells: nothing twice in the queue, quarantined frames, metrics, RQ's own tools."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from manifests.layout import DataSet
from tests.worker.made import made_data_set, made_manifest
from worker import dispatch
from worker.farm import board, metrics, outcomes, runs
from worker.farm.runs import FarmRun
from worker.pairs import failures
from worker.pairs.failures import Try

from .conftest import Command, pictures
from .farms import Farm


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    made.start_redis()
    yield made
    made.end()


def quarantine(data_set: DataSet, frame: int) -> None:
    failures.add(data_set, frame, Try("crash", "Blender died", "token"), most_tries=1)


def test_handed_over_at_once_from_two_places_lies_there_once(farm: Farm, tmp_path: Path) -> None:
    manifest = made_manifest(instances=20)
    data_set = made_data_set(tmp_path / "set", manifest, [0, 1, 7])
    quarantine(data_set, 9)
    run, wanted, sent = FarmRun(data_set.root, "made"), range(manifest.frame_count), []

    def hand_over() -> None:
        with closing(Redis.from_url(farm.url)) as connection:
            sent.append(dispatch.hand_over(connection, run, manifest, wanted, lambda missing: 4))

    both = [threading.Thread(target=hand_over) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(sent) == [0, 9]
    with runs.submitting(farm.redis, run) as covered:
        assert covered == set(wanted) - {0, 1, 7, 9}
    # What is cancelled can be handed over again.
    runs.withdraw(farm.redis, run)
    assert runs.was_cancelled(farm.redis, run) and not board.look(farm.redis).runs
    hand_over()
    assert sent[-1] == 9


def test_runs_of_higher_priority_come_first(farm: Farm, tmp_path: Path) -> None:
    for name, priority in (("low", -1), ("first", 0), ("second", 0), ("high", 3)):
        runs.submit(farm.redis, FarmRun(tmp_path / name, name, priority=priority), [(0,)])
    assert [run.name for run in runs.all_runs(farm.redis)] == ["high", "first", "second", "low"]


def test_data_set_whose_folder_has_gone_can_be_cancelled(farm: Farm, tmp_path: Path) -> None:
    runs.submit(farm.redis, FarmRun(tmp_path / "gone", "gone"), [(0,)])
    farm.command("pause", tmp_path / "gone")
    assert "paused" in farm.command("status")
    farm.command("cancel", tmp_path / "gone")
    assert not board.look(farm.redis).runs


def test_quarantined_frames_wait_to_be_retried(defectory: Command, rendered: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(rendered[1], folder)
    shutil.rmtree(DataSet(folder).pair_folder(4))
    quarantine(DataSet(folder), 4)
    left = defectory("resume", folder, "--device", "cpu")
    assert left.returncode == 2
    assert "frame 4 failed: Blender died" in left.stderr and "retry" in left.stderr
    assert "quarantined: 1 by crash" in defectory("status", folder).stdout
    assert "say which frames" in defectory("retry", folder).stderr
    done = defectory("retry", folder, "--failed", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert pictures(folder) == pictures(rendered[1])


def test_metrics_and_tools_of_rq(farm: Farm, tmp_path: Path) -> None:
    run = FarmRun(tmp_path / "set", "made")
    runs.submit(farm.redis, run, [(0,), (1,)])
    farm.redis.hset(run.key, mapping={"pairs": 5, "shards_done": 3})
    farm.redis.hset(f"{run.key}:reasons", "it rained", 2)
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text(farm.redis))
        for sample in family.samples
    }
    who = ("made", str(tmp_path / "set"))
    assert found["defectory_shards", *who, "waiting"] == 2
    assert found["defectory_shards", *who, "done"] == 3
    assert found["defectory_pairs_total", *who] == 5
    assert found["defectory_failed_tries_total", *who, "it rained"] == 2
    rq = [str(Path(sys.executable).parent / "rq"), "info", "--raw", "--url", farm.url]
    said = subprocess.run(rq, capture_output=True, text=True, check=True).stdout
    assert f"queue {run.queue_name} 2, 0 executing" in said


def test_data_set_that_no_machine_can_render_keeps_no_farm_busy(farm: Farm, tmp_path: Path) -> None:
    good, bad = FarmRun(tmp_path / "good", "good"), FarmRun(tmp_path / "bad", "bad")
    for run in (good, bad):
        runs.submit(farm.redis, run, [(0,)])
        job = run.queue(farm.redis).jobs[0]
        if run is good:
            outcomes.count_pairs(farm.redis, run, 1)
        for number in range(20):
            reason = f"frame {number}: is black (log: /somewhere)"
            outcomes.blame(farm.redis, run, run.name, job, "worker.shards.NothingRendered", reason, False)
    # Where others have had pairs, it is the machine; where nobody has, nobody is parked for it.
    assert farm.redis.llen(outcomes.failed_key("good")) == 20
    assert not farm.redis.exists(outcomes.failed_key("bad"))
    assert [run.paused for run in runs.all_runs(farm.redis)] == [False, True]
    assert board.look_at(farm.redis, bad).reasons == {"frame N: is black": 20}
