"""The board: what the farm does at this moment, read from Redis in a few round trips however much lies in it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from redis import Redis
from rq import worker_registration
from rq.utils import utcparse
from rq.worker import WorkerStatus

from .runs import FarmRun, all_runs
from .shard_jobs import QUEUE

_PACE_MINUTES = 10


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes:
        run: which.
        queued: shards that wait.
        running: shards that are being rendered.
        shards_done: shards that were finished since the run was submitted first.
        shards_failed: tries at shards that failed since then.
        given_up: shards that have used up their tries.
        pairs: that came since then.
        pairs_per_s: over the last ten minutes.
        reasons: how often tries failed, by reason.
        failure: kind and reason of the last failure, empty where there was none.
    """

    run: FarmRun
    queued: int
    running: int
    shards_done: int
    shards_failed: int
    given_up: int
    pairs: int
    pairs_per_s: float
    reasons: dict[str, int]
    failure: tuple[str, str]

    @property
    def word(self) -> str:
        """``running``, ``waiting``, ``paused`` or ``idle``."""
        if self.run.paused:
            return "paused"
        return "running" if self.running else "waiting" if self.queued else "idle"


@dataclass(frozen=True)
class WorkerState:
    """A worker.

    Attributes:
        name: as RQ knows it.
        host: machine.
        pid: process id there.
        state: RQ's (``busy``, ``idle``, ``suspended``, ``started``), ``parked``, ``drained`` or ``unfit``.
        reason: why it takes no shards, empty where it does.
        ours: whether it serves the runs; a plain worker of RQ listens and takes nothing.
        done: shards that it has finished.
        failed: tries that failed on it.
        seconds_silent: since its last sign of life.
    """

    name: str
    host: str
    pid: int
    state: str
    reason: str
    ours: bool
    done: int
    failed: int
    seconds_silent: float

    @property
    def works(self) -> bool:
        """Whether it renders or would."""
        return self.ours and self.state in (WorkerStatus.BUSY.value, WorkerStatus.IDLE.value, "started")


@dataclass(frozen=True)
class Board:
    """Runs in the order in which they are served, and workers by host."""

    runs: list[RunState] = field(default_factory=list)
    workers: list[WorkerState] = field(default_factory=list)

    def find(self, run: FarmRun) -> RunState | None:
        """A run on the board; None where the farm knows nothing of it."""
        return next((state for state in self.runs if state.run.id == run.id), None)

    def note(self) -> str:
        """What holds the farm up as a whole, one line; empty where some worker works."""
        if any(worker.works for worker in self.workers):
            return ""
        ours = [worker for worker in self.workers if worker.ours]
        if ours:
            reason = next((worker.reason for worker in ours if worker.reason), ours[0].state)
            return f"none of {len(ours)} workers takes shards: {reason}"
        return f"nobody works on queue '{QUEUE}': start 'rq worker -w worker.farm.FarmWorker {QUEUE}' on the machines"


def look(connection: Redis) -> Board:
    """The board as it is now."""
    return Board([_run_state(connection, run) for run in all_runs(connection)], workers(connection))


def look_at(connection: Redis, run: FarmRun) -> RunState:
    """One run of the board."""
    return _run_state(connection, run)


def workers(connection: Redis) -> list[WorkerState]:
    """Workers that listen to the farm's queue, by host and name."""
    keys = sorted(worker_registration.get_keys(connection=connection))
    with connection.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hgetall(key)
        found = [
            _worker_state(key, {name.decode(): value.decode(errors="replace") for name, value in plain.items()})
            for key, plain in zip(keys, pipe.execute())
            if plain
        ]
    return sorted((each for each in found if each is not None), key=lambda worker: (worker.host, worker.name))


def _run_state(connection: Redis, run: FarmRun) -> RunState:
    queue = run.queue(connection)
    minute = int(time.time()) // 60
    with connection.pipeline(transaction=False) as pipe:
        pipe.llen(queue.key)
        pipe.llen(queue.intermediate_queue_key)
        pipe.zcard(queue.started_job_registry.key)
        pipe.zcard(queue.failed_job_registry.key)
        pipe.hmget(run.key, "shards_done", "shards_failed", "pairs", "failure_kind", "failure_reason")
        pipe.hgetall(f"{run.key}:reasons")
        pipe.hmget(f"{run.key}:pace", *(str(minute - ago) for ago in range(_PACE_MINUTES)))
        queued, between, started, given_up, counts, reasons, pace = pipe.execute()
    done, failed, pairs = (int(count or 0) for count in counts[:3])
    kind, reason = ((text or b"").decode(errors="replace") for text in counts[3:])
    # The run may be younger than the window, and the current minute has only begun.
    window = min(60.0 * (_PACE_MINUTES - 1) + time.time() % 60, max(1.0, time.time() - run.submitted))
    return RunState(
        run,
        queued,
        # A shard lies between the queue and the registry while a worker takes it; its id stays a moment after that.
        max(started, between),
        done,
        failed,
        given_up,
        pairs,
        sum(int(count or 0) for count in pace) / window,
        {text.decode(errors="replace"): int(count) for text, count in reasons.items()},
        (kind, reason),
    )


def _worker_state(key: str, plain: dict[str, str]) -> WorkerState | None:
    if QUEUE not in plain.get("queues", "").split(",") or "death" in plain:
        return None
    heard = utcparse(plain["last_heartbeat"]).timestamp() if plain.get("last_heartbeat") else 0.0
    return WorkerState(
        key.rpartition(":")[2],
        plain.get("hostname", "?"),
        int(plain.get("pid") or 0),
        plain.get("state", "?"),
        plain.get("reason", ""),
        plain.get("class") == "FarmWorker",
        int(plain.get("successful_job_count") or 0),
        int(plain.get("failed_job_count") or 0),
        max(0.0, time.time() - heard),
    )
