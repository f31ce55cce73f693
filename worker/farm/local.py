"""The farm brought along: a Redis and workers of our own, which end with us."""

from __future__ import annotations

import contextlib
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
from .connections import connect
from .embedded_redis import embedded_redis
from .shard_jobs import QUEUE

_RESTARTS = 3


@dataclass
class LocalFarm:
    """A Redis and workers of our own.

    Attributes:
        connection: to Redis.
        url: of Redis.
        logs: folder for the workers' log.
    """

    connection: Redis
    url: str
    logs: Path
    _workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _restarts: int = 0

    def start_worker(self) -> None:
        name = f"defectory-{uuid.uuid4().hex}"
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        parent = os.getpid()
        words = [sys.executable, "-m", "rq.cli", "worker", QUEUE, "-w", "worker.farm.FarmWorker"]
        with (self.logs / "workers.log").open("ab") as log:
            self._workers[name] = subprocess.Popen(
                [*words, "--url", self.url, "--name", name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                # A session of its own: Ctrl-C in the terminal reaches us alone, and it can be ended as a whole.
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )

    def replace_dead(self) -> list[str]:
        """Start a worker for each that has died.

        Returns:
            Names of the dead.

        Raises:
            QueueError: they keep dying.
        """
        dead = [name for name, process in self._workers.items() if process.poll() is not None]
        for name in dead:
            end_session(self._workers.pop(name).pid)
            self._restarts += 1
            if self._restarts > _RESTARTS:
                log = self.logs / "workers.log"
                raise QueueError(f"RQ workers keep dying: {last_line(log)} (log: {log})")
            self.start_worker()
        return dead

    def stop(self) -> None:
        for process in self._workers.values():
            end_session(process.pid)
            process.wait()


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
            for _ in range(workers):
                farm.start_worker()
            yield farm
        finally:
            farm.stop()
            farm.connection.close()


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
