"""The farm: a Redis and RQ workers on its queue ``render``, brought along or found under a URL."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation
from rq.job import Job, JobStatus

from manifests.errors import QueueError

from .blender import last_line
from .embedded_redis import embedded_redis
from .lifeline import die_with_parent, end_session

QUEUE = "render"
_RESTARTS = 3
_STOP_SECONDS = 3.0
_POLL_SECONDS = 0.05


def connect(url: str) -> Redis:
    """A connection to the Redis at a URL that has just answered.

    Raises:
        QueueError: the URL is none, or Redis does not answer.
    """
    try:
        connection = Redis.from_url(url, socket_connect_timeout=3)
        connection.ping()
    except ValueError as error:
        raise QueueError(f"{url}: is no URL of a Redis ({error}); write redis://HOST:PORT") from None
    except RedisError as error:
        reason = " ".join(str(error).split())
        raise QueueError(f"{url}: does not answer ({reason}); start Redis there or leave --redis out") from None
    return connection


@dataclass
class RemoteFarm:
    """A Redis that somebody else runs, and whoever works on its queue.

    Attributes:
        connection: to Redis.
        threads: that each Blender takes; 0: all cores.
    """

    connection: Redis
    threads: int = 0

    def queue(self) -> Queue:
        return Queue(QUEUE, connection=self.connection)

    def window(self) -> int:
        """Shards to keep in the queue, so that no worker waits for one."""
        return max(16, 4 * int(Worker.count(queue=self.queue())))

    def note(self) -> str:
        """What holds the rendering up; empty where nothing does."""
        if Worker.count(queue=self.queue()):
            return ""
        return f"nobody works on queue '{QUEUE}': start 'rq worker {QUEUE}' where this folder is seen"

    def leave(self, job_ids: list[str]) -> None:
        """Take back the jobs that are queued and stop those that are being worked on; waits until they have stopped."""
        give_up = time.monotonic() + _STOP_SECONDS
        told: set[str] = set()
        while job_ids and time.monotonic() < give_up:
            jobs = Job.fetch_many(job_ids, connection=self.connection)
            job_ids = []
            for job in jobs:
                if job is None:
                    continue
                if job.get_status(refresh=False) != JobStatus.STARTED:
                    job.delete()
                    continue
                job_ids.append(job.id)
                if job.id not in told:
                    told.add(job.id)
                    with contextlib.suppress(InvalidJobOperation):
                        send_stop_job_command(self.connection, job.id)
            time.sleep(_POLL_SECONDS)

    def lost_workers(self) -> set[str]:
        """Names of workers that are known to have died; those of others announce it by a heartbeat that stops."""
        return set()


@dataclass
class LocalFarm(RemoteFarm):
    """A Redis and workers of our own, which end with us.

    Attributes:
        url: of Redis.
        logs: folder for the workers' logs.
    """

    url: str = ""
    logs: Path = Path()
    _workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)

    def start_worker(self) -> None:
        name = f"defectory-{uuid.uuid4().hex}"
        root = str(Path(__file__).resolve().parent.parent)
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        parent = os.getpid()
        with (self.logs / "workers.log").open("ab") as log:
            self._workers[name] = subprocess.Popen(
                [sys.executable, "-m", "rq.cli", "worker", QUEUE, "--url", self.url, "--name", name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                # A session of its own: Ctrl-C in the terminal reaches us alone, and it can be ended as a whole.
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )

    def window(self) -> int:
        return max(16, 4 * len(self._workers))

    def note(self) -> str:
        return ""

    def leave(self, job_ids: list[str]) -> None:
        """Nothing to take back: the queue goes, and the workers with it."""

    def lost_workers(self) -> set[str]:
        """Names of all workers that have died; each is replaced by another.

        Raises:
            QueueError: they keep dying.
        """
        for name, process in list(self._workers.items()):
            if process.poll() is not None:
                del self._workers[name]
                end_session(process.pid)
                self._lost.add(name)
                if len(self._lost) > _RESTARTS:
                    log = self.logs / "workers.log"
                    raise QueueError(f"RQ workers keep dying: {last_line(log)} (log: {log})")
                self.start_worker()
        return self._lost

    def stop(self) -> None:
        for process in self._workers.values():
            end_session(process.pid)
            process.wait()


@contextlib.contextmanager
def remote_farm(url: str) -> Iterator[RemoteFarm]:
    """The farm behind a Redis URL.

    Raises:
        QueueError: Redis does not answer.
    """
    connection = connect(url)
    try:
        yield RemoteFarm(connection)
    finally:
        connection.close()


@contextlib.contextmanager
def local_farm(workers: int, logs: Path) -> Iterator[LocalFarm]:
    """A farm on this machine, gone on leaving, however that is.

    Args:
        workers: number of RQ workers; they share the cores.
        logs: folder for the workers' logs; it exists.

    Raises:
        QueueError: the embedded Redis does not start.
    """
    with embedded_redis() as url:
        (logs / "workers.log").unlink(missing_ok=True)
        farm = LocalFarm(connect(url), max(1, core_count() // workers), url, logs)
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
