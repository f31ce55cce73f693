"""Runs: data sets that have been handed to the farm, each with a queue of RQ for its shards.

A run is known by the folder of its data set, which all machines see under the same path, or by its address in a store.
What Redis holds of it, all of which can be made again from the manifest and the pairs:

::

    defectory:runs                 ids of the runs
    defectory:run:ID               hash: folder, name, device, tags, priority, paused, counts of shards and pairs
    defectory:run:ID:reasons       hash: how often shards failed, by reason
    defectory:run:ID:pace          hash: pairs by minute
    rq:queue:render:ID             the queue; RQ's registries of what runs and what failed bear the same name
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.lock import Lock
from rq import Queue
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Retry
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.utils import as_text

from manifests.errors import DataSetError

from ..storage.urls import Place, StoreUrl, place_of
from .shard_jobs import CONCLUDE, QUEUE, RENDER, ShardJob

RUNS = "defectory:runs"
_BATCH = 1000
_RESULT_SECONDS = 300  # the disk is the truth: what Redis keeps of a finished shard is for whoever looks on
_FAILURE_SECONDS = 7 * 24 * 3600
_LOCK_SECONDS = 600
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class FarmRun:
    """A data set that has been handed to the farm.

    Attributes:
        folder: of the data set, absolute, or its address in a store.
        name: of the manifest.
        total: frames that are asked for.
        device: as ``defectory render --device`` takes it; workers that lack it take no shard.
        tags: that a worker must have, all of them.
        priority: runs of a higher one come first.
        tries: how often a shard is tried again after a try that brought no pair.
        unattended: whether the farm itself writes index and report in the end, because nobody waits for it.
        paused: whether workers leave it alone.
        submitted: Unix time.
    """

    folder: Place
    name: str
    total: int = 0
    device: str = "auto"
    tags: tuple[str, ...] = ()
    priority: int = 0
    tries: int = 5
    unattended: bool = False
    paused: bool = False
    submitted: float = 0.0

    @property
    def id(self) -> str:
        """Its name and a hash of its folder, fit for a key."""
        words = re.sub(r"[^A-Za-z0-9_-]+", "-", self.name)[:40]
        return f"{words}-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def key(self) -> str:
        return f"defectory:run:{self.id}"

    @property
    def queue_name(self) -> str:
        return f"{QUEUE}:{self.id}"

    def queue(self, connection: Redis) -> Queue:
        return Queue(self.queue_name, connection=connection, job_class=ShardJob, serializer=_JSON)

    def to_redis(self) -> dict[Any, Any]:
        """Fields of its hash."""
        return {
            "folder": str(self.folder),
            "name": self.name,
            "total": str(self.total),
            "device": self.device,
            "tags": ",".join(self.tags),
            "priority": str(self.priority),
            "tries": str(self.tries),
            "unattended": str(int(self.unattended)),
            "paused": str(int(self.paused)),
            "submitted": str(self.submitted or time.time()),
        }

    @classmethod
    def from_redis(cls, found: Mapping[Any, Any]) -> FarmRun | None:
        """The run of a hash; None where Redis has lost it or somebody has damaged it."""
        plain = {as_text(key): as_text(value) for key, value in found.items()}
        try:
            return cls(
                place_of(plain["folder"]),
                plain["name"],
                int(plain["total"]),
                plain["device"],
                tuple(filter(None, plain["tags"].split(","))),
                int(plain["priority"]),
                int(plain["tries"]),
                plain["unattended"] == "1",
                plain["paused"] == "1",
                float(plain["submitted"]),
            )
        except (KeyError, ValueError, DataSetError):
            return None


_JSON: Any = "json"


def all_runs(connection: Redis) -> list[FarmRun]:
    """Runs of the farm in the order in which workers take them."""
    ids = sorted(connection.smembers(RUNS))
    with connection.pipeline(transaction=False) as pipe:
        for each in ids:
            pipe.hgetall(f"defectory:run:{as_text(each)}")
        found = [run for run in map(FarmRun.from_redis, pipe.execute()) if run is not None]
    return sorted(found, key=lambda run: (-run.priority, run.submitted))


def find(connection: Redis, run: FarmRun) -> FarmRun | None:
    """What Redis has of a run, None where it has nothing."""
    return FarmRun.from_redis(connection.hgetall(run.key))


def submit(connection: Redis, run: FarmRun, shards: Iterable[tuple[int, ...]]) -> int:
    """Put shards into the queue of a run, whose record is written anew; see :func:`submitting` for what to leave out.

    Returns:
        Number of shards.
    """
    with connection.pipeline() as pipe:
        pipe.hset(run.key, mapping=run.to_redis())
        pipe.hdel(run.key, "concluded", "cancelled")
        pipe.persist(run.key)
        pipe.sadd(RUNS, run.id)
        pipe.execute()
    queue, token, sent = run.queue(connection), uuid.uuid4().hex[:6], 0
    batch = []
    for shard in shards:
        batch.append(
            Queue.prepare_data(
                RENDER,
                args=[str(run.folder), list(shard), run.device],
                timeout=-1,
                result_ttl=_RESULT_SECONDS,
                failure_ttl=_FAILURE_SECONDS,
                job_id=f"{run.id}-{shard[0]:07d}-{token}",
                description=f"{run.name}: frames {shard[0]} to {shard[-1]}",
                retry=Retry(run.tries),
            )
        )
        if len(batch) == _BATCH:
            sent += len(queue.enqueue_many(batch))
            batch = []
    return sent + (len(queue.enqueue_many(batch)) if batch else 0)


@contextlib.contextmanager
def submitting(connection: Redis, run: FarmRun) -> Iterator[set[int]]:
    """Hold a run so that nobody else submits to it; gives the frames that lie in its queue or are being rendered."""
    with Lock(connection, f"{run.key}:lock", timeout=_LOCK_SECONDS, blocking_timeout=_LOCK_SECONDS):
        ids = _queued(connection, run) + _started(connection, run)
        frames: set[int] = set()
        for start in range(0, len(ids), _BATCH):
            with connection.pipeline(transaction=False) as pipe:
                for job_id in ids[start : start + _BATCH]:
                    pipe.hgetall(ShardJob.key_for(job_id))
                for job_id, found in zip(ids[start : start + _BATCH], pipe.execute()):
                    with contextlib.suppress(Exception):  # a ghost, or somebody else's: it covers nothing
                        job = ShardJob(job_id, connection=connection)
                        job.restore(found)
                        frames.update(job.check()[1])
        yield frames


def conclude_later(connection: Redis, run: FarmRun) -> None:
    """Have a worker write index and report of a run that has nothing left to render."""
    run.queue(connection).enqueue_call(
        CONCLUDE,
        args=[str(run.folder)],
        timeout=-1,
        result_ttl=_RESULT_SECONDS,
        failure_ttl=_FAILURE_SECONDS,
        job_id=f"{run.id}-conclude-{uuid.uuid4().hex[:6]}",
        description=f"{run.name}: index and report",
    )


def pause(connection: Redis, run: FarmRun, paused: bool = True) -> None:
    """Have workers leave a run alone once they have finished the shards that they are at; or take it up again."""
    connection.hset(run.key, "paused", int(paused))


def withdraw(connection: Redis, run: FarmRun, seconds: float = 3.0) -> None:
    """Take a run back from the farm: drop what is queued, stop what is being rendered, forget it.

    Args:
        connection: to Redis.
        run: which.
        seconds: how long to wait for workers to stop.
    """
    connection.srem(RUNS, run.id)
    queue, told = run.queue(connection), set[str]()
    give_up = time.monotonic() + seconds
    while True:
        queue.empty()
        started = _started(connection, run)
        if not started or time.monotonic() > give_up:
            break
        for job_id in set(started) - told:
            told.add(job_id)
            with contextlib.suppress(InvalidJobOperation, NoSuchJobError):
                send_stop_job_command(connection, job_id, serializer=_JSON)
        time.sleep(_POLL_SECONDS)
    forget_failed(connection, run)
    queue.delete()
    with connection.pipeline() as pipe:
        pipe.delete(run.key, f"{run.key}:reasons", f"{run.key}:pace")
        # For whoever waits for it.
        pipe.hset(run.key, "cancelled", 1)
        pipe.expire(run.key, _LOCK_SECONDS)
        pipe.execute()


def was_cancelled(connection: Redis, run: FarmRun) -> bool:
    """Whether somebody has taken a run back lately."""
    return bool(connection.hexists(run.key, "cancelled"))


def forget_failed(connection: Redis, run: FarmRun) -> None:
    """Drop the shards of a run that have used up their tries, and the count of reasons."""
    queue = run.queue(connection)
    registry = FailedJobRegistry(queue=queue, job_class=ShardJob)
    for job_id in registry.get_job_ids():
        with contextlib.suppress(NoSuchJobError):
            ShardJob.fetch(job_id, connection=connection).delete()
        registry.remove(job_id)
    connection.delete(f"{run.key}:reasons")
    connection.hdel(run.key, "failure_kind", "failure_reason", "shards_failed")


def absolute(place: Place) -> Place:
    """The place of a data set as the farm knows it."""
    return place if isinstance(place, StoreUrl) else Path(os.path.abspath(place))


def _queued(connection: Redis, run: FarmRun) -> list[str]:
    queue = run.queue(connection)
    ids = connection.lrange(queue.key, 0, -1) + connection.lrange(queue.intermediate_queue_key, 0, -1)
    return [as_text(each) for each in ids]


def _started(connection: Redis, run: FarmRun) -> list[str]:
    return StartedJobRegistry(queue=run.queue(connection), job_class=ShardJob).get_job_ids()
