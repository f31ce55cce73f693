"""Outcomes: what came of a shard, written down: pairs by the minute, failures by reason, and whose fault they were."""

from __future__ import annotations

import contextlib
import re
import time

from redis import Redis
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from rq.utils import as_text

from .runs import FarmRun
from .shard_jobs import ShardJob

GIVEN_BACK = ("manifests.errors.FolderRefused",)
"""Failures that are no fault of the shard's, so they cost it no try; the machine parks where they go on."""

REFUSED = "worker.farm.shard_jobs.RefusedJob"
_OF_THE_DATA_SET = ("manifests.errors.DataSetError", "manifests.errors.ManifestError", "manifests.errors.PartError")
_UNDECIDED = "worker.shards.NothingRendered"  # machine or data set, until somebody has had a pair of it
_HOPELESS = 20  # tries that failed, whoever made them, while not a single pair came
_PACE_MINUTES = 60
_FAILED_SECONDS = 24 * 3600


def count_pairs(connection: Redis, run: FarmRun, came: int) -> None:
    """Add pairs to the counts of a run."""
    minute = int(time.time()) // 60
    with connection.pipeline() as pipe:
        pipe.hincrby(run.key, "pairs", came)
        pipe.hincrby(f"{run.key}:pace", str(minute), came)
        pipe.hdel(f"{run.key}:pace", str(minute - _PACE_MINUTES))
        pipe.execute()


def count_success(connection: Redis, run: FarmRun | None, worker_name: str) -> None:
    """Write down that a worker has finished a shard."""
    with connection.pipeline() as pipe:
        pipe.delete(failed_key(worker_name))
        if run is not None:
            pipe.hincrby(run.key, "shards_done", 1)
        pipe.execute()


def blame(
    connection: Redis, run: FarmRun | None, worker_name: str, job: Job, kind: str, reason: str, fruitful: bool
) -> None:
    """Write down that a try failed, for the run and, where it may be the machine's fault, for the worker.

    Args:
        connection: to Redis.
        run: whose shard it was.
        worker_name: where.
        job: that failed.
        kind, reason: as :func:`last_words` gives them.
        fruitful: whether the try brought pairs all the same: such a machine is none to be parked.
    """
    pairs = int(connection.hget(run.key, "pairs") or 0) if run is not None else 0
    fault_of_the_data_set = kind in (*_OF_THE_DATA_SET, REFUSED) or (kind == _UNDECIDED and not pairs)
    with connection.pipeline() as pipe:
        if fruitful:
            pipe.delete(failed_key(worker_name))
        elif not fault_of_the_data_set:
            pipe.rpush(failed_key(worker_name), f"{job.origin} {job.id}")
            pipe.expire(failed_key(worker_name), _FAILED_SECONDS)
            pipe.hset(f"rq:worker:{worker_name}", "failure_reason", reason)
        if run is not None:
            pipe.hset(run.key, mapping={"failure_kind": kind, "failure_reason": reason})
            pipe.hincrby(f"{run.key}:reasons", _general(reason), 1)
            pipe.hincrby(run.key, "shards_failed", 1)
        failed = int(pipe.execute()[-1])
    # A data set that no machine can render must not keep the farm from the others.
    if run is not None and not fruitful and not pairs and failed >= _HOPELESS:
        connection.hset(run.key, "paused", 1)


def refund(connection: Redis, worker_name: str) -> None:
    """It was this machine that failed, not the shards: give them back the tries that they lost here."""
    for each in connection.lrange(failed_key(worker_name), 0, -1):
        queue_name, _, job_id = as_text(each).partition(" ")
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            job = ShardJob.fetch(job_id, connection=connection)
            job.retries_left = (job.retries_left or 0) + 1
            connection.hset(job.key, "retries_left", job.retries_left)
            if job.get_status(refresh=False) == JobStatus.FAILED:
                FailedJobRegistry(queue_name, connection, job_class=ShardJob).requeue(job)


def failed_key(worker_name: str) -> str:
    """Key of the list of shards that failed on a worker since the last one that did not."""
    return f"defectory:worker:{worker_name}:failed"


def last_words(trace: str) -> tuple[str, str]:
    """Kind of an exception, dotted or empty, and its text in one line, from a traceback or what RQ writes for one."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    if not lines:
        return "", "failed without a reason"
    if lines[-1].startswith("Work-horse terminated unexpectedly"):
        return "", "the process that rendered was killed; is there memory enough for so many workers?"
    if "AbandonedJobError" in lines[-1]:
        return "", "its worker died"
    kind, _, text = lines[-1].partition(": ")
    named = kind.replace(".", "").isidentifier() and "." in kind
    return (kind, text) if named and text else ("", lines[-1])


def _general(reason: str) -> str:
    """A reason without what differs from shard to shard, so that like ones are counted together."""
    return re.sub(r"frame \d+", "frame N", re.sub(r" \(log: .*\)$", "", reason))[:200]
