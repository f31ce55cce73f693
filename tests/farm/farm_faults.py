"""Faults of a farm: what befalls Redis, workers, disks and whoever hands work over while a data set is rendered."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .conftest import Command, wait_until
from .disks import fill
from .farms import Farm, Node

_PATIENCE_S = 600.0  # for what takes a moment; other work may keep this machine busy


@dataclass
class Ground:
    """A farm that renders a data set, for faults to strike.

    Attributes:
        farm: with a Redis that keeps an append-only file.
        manifest, out: what is rendered, and the folder of the data set.
        chance: decides on moments.
        environment: of each worker.
        handing: how the data set is handed over: options of the command.
    """

    farm: Farm
    manifest: Path
    out: Path
    chance: random.Random
    environment: dict[str, str] = field(default_factory=dict)
    handing: tuple[object, ...] = ()

    def start_worker(self) -> Node:
        return self.farm.start_worker("--maintenance-interval", "5", **self.environment)

    def replace_dead(self) -> None:
        """What a service manager does."""
        for node in [node for node in self.farm.nodes if node.process.poll() is not None]:
            self.farm.nodes.remove(node)
            self.farm.expire(node)
            self.start_worker()

    def is_idle(self) -> bool:
        """Whether nothing of the data set waits or is being rendered."""
        shards = self.farm.shards(self.out)
        return not shards["waiting"] + shards["running"]

    def all_parked(self) -> bool:
        states = self.farm.states()
        return {states.get(node.process.pid, ("", ""))[0] for node in self.farm.nodes} == {"parked"}

    def resume(self) -> None:
        self.farm.command("resume", self.out, *self.handing)

    def command(self, *words: object) -> subprocess.Popen[bytes]:
        changes = {"DEFECTORY_REDIS_URL": self.farm.url}
        return Command(changes=changes).start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def pause(self, most_s: float) -> None:
        time.sleep(self.chance.uniform(0, most_s))


def _redis_restarted(ground: Ground) -> None:
    ground.farm.kill_redis()
    ground.pause(2)
    ground.farm.start_redis()


def _redis_emptied(ground: Ground) -> None:
    ground.farm.kill_redis()
    ground.farm.forget()
    ground.pause(2)
    ground.farm.start_redis()
    ground.resume()


def _worker_stopped(times: int) -> Callable[[Ground], None]:
    def stop(ground: Ground) -> None:
        node = ground.chance.choice(ground.farm.nodes)
        for _ in range(times):
            with contextlib.suppress(ProcessLookupError):
                node.process.terminate()
            time.sleep(1.2)  # RQ takes two signals within a second for one
        node.process.wait(timeout=_PATIENCE_S)

    return stop


def _command_killed(ground: Ground) -> None:
    """Somebody waits for the data set, is killed or stops, and somebody takes it up again."""
    process = ground.command("render", ground.manifest, "--out", ground.out, *ground.handing)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=ground.chance.uniform(1, 10))
    process.send_signal(ground.chance.choice([signal.SIGKILL, signal.SIGTERM]))
    process.wait(timeout=_PATIENCE_S)
    ground.resume()


def _submitted_twice(ground: Ground) -> None:
    words = ("submit", ground.manifest, "--out", ground.out, *ground.handing)
    both = [ground.command(*words) for _ in range(2)]
    assert [process.wait(timeout=_PATIENCE_S) for process in both] == [0, 0]


def _bad_node(ground: Ground) -> None:
    bad = ground.farm.start_worker(**{**ground.environment, "DEFECTORY_BLENDER": "/nowhere/blender"})
    give_up = time.monotonic() + 30

    def parked_or_idle() -> bool:
        state = ground.farm.states().get(bad.process.pid, ("", ""))[0]
        return state == "parked" or time.monotonic() > give_up

    wait_until(parked_or_idle, _PATIENCE_S)
    ground.farm.nodes.remove(bad)
    bad.process.terminate()
    bad.process.wait(timeout=_PATIENCE_S)


def _disk_filled(ground: Ground) -> None:
    balloon = ground.out.parent / "balloon"
    fill(balloon)
    ground.pause(8)
    balloon.unlink()


FARM_FAULTS: dict[str, Callable[[Ground], None]] = {
    "Redis restarted": _redis_restarted,
    "Redis emptied": _redis_emptied,
    "SIGTERM of a worker": _worker_stopped(1),
    "second SIGTERM of a worker": _worker_stopped(2),
    "kill of the command": _command_killed,
    "submitted twice at once": _submitted_twice,
    "bad node": _bad_node,
    "disk full": _disk_filled,
}
"""What strikes, by name; ``disk full`` asks for a data set on a disk of its own, with nothing else on it."""
