"""The farm brought along: a Redis and workers of our own, which end with us."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from manifests.errors import QueueError

from ..blender import last_line
from ..lifeline import die_with_parent, end_session
from ..processes import cores, keep_to
from .connections import connect
from .embedded_redis import embedded_redis
from .shard_jobs import QUEUE

_RESTARTS = 3


@dataclass(frozen=True)
class _Worker:
    process: subprocess.Popen[bytes]
    cores: tuple[int, ...]


@dataclass
class LocalFarm:
    """A Redis and workers of our own.

    Each worker keeps to cores of its own: a Blender of fewer threads than the machine has cores leaves a thread that
    only looks for work, and takes as much time from the others as a whole worker.

    Attributes:
        connection: to Redis.
        url: of Redis.
        logs: folder for the workers' log.
    """

    connection: Redis
    url: str
    logs: Path
    _workers: dict[str, _Worker] = field(default_factory=dict)
    _restarts: int = 0

    def start_worker(self, own: tuple[int, ...]) -> None:
        """Start a worker on these cores."""

        def begin() -> None:
            die_with_parent(parent)
            keep_to(own)

        name = f"defectory-{uuid.uuid4().hex}"
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        parent = os.getpid()
        words = [sys.executable, "-m", "rq.cli", "worker", QUEUE, "-w", "worker.farm.FarmWorker"]
        with (self.logs / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [*words, "--url", self.url, "--name", name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                # A session of its own: Ctrl-C in the terminal reaches us alone, and it can be ended as a whole.
                start_new_session=True,
                preexec_fn=begin,
            )
        self._workers[name] = _Worker(process, own)

    def replace_dead(self) -> list[str]:
        """Start a worker for each that has died.

        Returns:
            Names of the dead.

        Raises:
            QueueError: they keep dying.
        """
        dead = [name for name, worker in self._workers.items() if worker.process.poll() is not None]
        for name in dead:
            worker = self._workers.pop(name)
            end_session(worker.process.pid)
            self._restarts += 1
            if self._restarts > _RESTARTS:
                log = self.logs / "workers.log"
                raise QueueError(f"RQ workers keep dying: {last_line(log)} (log: {log})")
            self.start_worker(worker.cores)
        return dead

    def stop(self) -> None:
        for worker in self._workers.values():
            end_session(worker.process.pid)
            worker.process.wait()


@contextlib.contextmanager
def local_farm(workers: int, logs: Path) -> Iterator[LocalFarm]:
    """A farm on this machine, gone on leaving, however that is.

    Args:
        workers: number of workers; they share the cores.
        logs: folder for the workers' log; it exists.

    Raises:
        QueueError: the embedded Redis does not start.
    """
    with embedded_redis() as url:
        (logs / "workers.log").unlink(missing_ok=True)
        farm = LocalFarm(connect(url), url, logs)
        try:
            for own in _shares(cores(), workers):
                farm.start_worker(own)
            yield farm
        finally:
            farm.stop()
            farm.connection.close()


def _shares(every: list[int], workers: int) -> list[tuple[int, ...]]:
    """Neighbouring cores for each worker, as evenly as they can be dealt; one of them where there are too few."""
    if workers > len(every):
        return [(every[number % len(every)],) for number in range(workers)]
    ends = [number * len(every) // workers for number in range(workers + 1)]
    return [tuple(every[start:end]) for start, end in itertools.pairwise(ends)]
