"""Attempts on real processes: the one before is fenced and dead before the next begins, and can commit no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from manifests.errors import DataSetError
from manifests.layout import DataSet
from worker.pairs import attempts
from worker.pairs.attempts import Fenced, attempt, logs, sweep
from worker.processes import identify, is_alive

from .made import fill, made_data_set, made_manifest

HOLD = """
import sys, time
from pathlib import Path
from manifests.layout import DataSet
from tests.worker.made import fill, made_manifest
from worker.pairs import attempts
attempts._RENEW_S = 0.1
data_set = DataSet(Path(sys.argv[1]))
with attempts.attempt(data_set, "shard-1") as held:
    staged = held.folder / "0000003"
    staged.mkdir()
    fill(staged, made_manifest(), 3)
    print(held.token, flush=True)
    sys.stdin.readline()
    try:
        data_set.commit(staged, 3)
        print("committed", flush=True)
    except OSError:
        held.check()
"""


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    return made_data_set(tmp_path / "set", made_manifest(), [0])


@pytest.fixture
def former(data_set: DataSet) -> Iterator[subprocess.Popen[str]]:
    """A process that holds an attempt at shard-1 and commits frame 3 when it is told to."""
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_set.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("shard-1.")
    yield process
    process.kill()
    process.communicate()


def seem_elsewhere(data_set: DataSet) -> Path:
    """Make the attempts under way look as if they were those of another machine."""
    (folder,) = (path.parent for path in data_set.attempts_folder.glob("shard-1.*/holder.json"))
    holder = json.loads((folder / "holder.json").read_text())
    for process in holder["processes"]:
        process["host"] = "another machine"
    (folder / "holder.json").write_text(json.dumps(holder))
    return folder


def test_former_attempt_on_this_host_is_dead_before_the_next_begins(
    data_set: DataSet, former: subprocess.Popen[str]
) -> None:
    os.kill(former.pid, signal.SIGSTOP)
    who = identify(former.pid)
    assert who is not None and is_alive(who)
    with attempt(data_set, "shard-1") as held:
        assert not is_alive(who)
        assert held.folder.is_dir()
    assert former.wait() == -signal.SIGKILL
    assert not data_set.is_complete(3)


def test_attempt_at_another_shard_is_left_alone(data_set: DataSet, former: subprocess.Popen[str]) -> None:
    with attempt(data_set, "shard-10"), attempt(data_set):
        said, _ = former.communicate("go\n", timeout=10)
    assert said == "committed\n"
    assert data_set.is_complete(3)


def test_stale_attempt_of_another_machine_cannot_commit(
    data_set: DataSet, former: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_LEASE_S", 1.5)
    seem_elsewhere(data_set)
    os.kill(former.pid, signal.SIGSTOP)  # as a machine that sleeps, or has lost the network
    began = time.monotonic()
    with attempt(data_set, "shard-1") as held:
        assert time.monotonic() - began > 1
        staged = held.folder / "0000003"
        staged.mkdir()
        fill(staged, made_manifest(), 3)
        os.kill(former.pid, signal.SIGCONT)
        _, said = former.communicate("go\n", timeout=10)
        assert former.returncode == 1
        assert "Fenced" in said
        assert not data_set.is_complete(3)
        assert data_set.commit(staged, 3)


def test_attempt_notices_that_it_was_fenced(data_set: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_RENEW_S", 0.05)
    with attempt(data_set, "shard-1") as held:
        held.check()
        held.folder.rename(held.folder.with_name("elsewhere"))
        give_up = time.monotonic() + 5
        while not held.is_lost() and time.monotonic() < give_up:
            time.sleep(0.02)
        with pytest.raises(Fenced):
            held.check()
    assert not held.folder.exists()


def test_sweeping_spares_the_living_alone(
    data_set: DataSet, former: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = attempt(data_set, "shard-2")
    held = failing.__enter__()
    held.log.write_text("last words")
    assert not failing.__exit__(OSError, OSError(), None)
    assert logs(data_set) == [held.log]
    opening = data_set.open_attempt()
    torn = [data_set.root / f".{name}.{'a' * 32}" for name in ("index.jsonl", "manifest.yaml")]
    for path, age_s in zip(torn, (3600, 0)):
        path.touch()
        os.utime(path, (time.time() - age_s,) * 2)
    sweep(data_set)
    assert not held.folder.exists()
    assert opening.is_dir()
    assert [path.exists() for path in torn] == [False, True]
    (folder,) = (path.parent for path in data_set.attempts_folder.glob("*/holder.json"))
    former.kill()
    former.wait()
    seem_elsewhere(data_set)
    sweep(data_set)
    assert folder.is_dir(), "it may live on another machine"
    monkeypatch.setattr(attempts, "_LEASE_S", 0.2)
    time.sleep(0.3)
    sweep(data_set)
    assert not folder.exists()


def test_number_of_a_process_that_was_given_anew_is_not_it() -> None:
    me = identify(os.getpid())
    assert me is not None and is_alive(me)
    assert not is_alive(type(me)(me.host, me.pid, "1"))
    assert not is_alive(type(me)("another machine", me.pid, me.started))


def test_name_of_a_shard_cannot_leave_the_folder(data_set: DataSet) -> None:
    with pytest.raises(DataSetError, match="its name may hold letters"), attempt(data_set, "../x"):
        pass
