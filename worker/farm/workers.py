"""FarmWorker: a worker of RQ that knows when to leave shards to others, and gives back what it cannot finish.

``rq worker -w worker.farm.FarmWorker render``. What it adds to RQ's own: it serves the queues of all runs by priority;
it reads JSON alone; it takes no shard of a run for which this machine is unfit; it parks after three failures in a row;
SIGTERM ends it after the frame in flight and a second one at once, the shard going back to the front of the queue; it
waits for a Redis that is away.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any

from rq import Queue, Worker, worker_registration
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.utils import as_text
from rq.worker import WorkerStatus

from .. import stopping
from ..pairs.attempts import Fenced
from . import outcomes
from .connections import be_patient
from .fitness import hindrance
from .runs import FarmRun, all_runs, conclude_later
from .shard_jobs import CONCLUDE, RefusedJob, ShardJob, lacking

PARKED, DRAINED, UNFIT = "parked", "drained", "unfit"
"""States beside RQ's own: failed too often; its host is being drained; no run for which it is fit has work."""

DRAINED_HOSTS = "defectory:drained"
_PARKED_AFTER = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_MAINTENANCE_SECONDS = 60
_OF_EVERY_SHARD = ("worker.jobs", "worker.develop", "worker.pairs")


@dataclass
class InHand:
    """What a worker is at.

    Attributes:
        job, queue: as RQ has them.
        run: whose shard it is.
        lacked: frames that had no pair when it was begun.
        left: those that had none at the last count.
    """

    job: Job
    queue: Queue
    run: FarmRun | None
    lacked: frozenset[int]
    left: frozenset[int]


class FarmWorker(Worker):
    """Takes the same options as RQ's worker; queue class, job class and serializer are its own."""

    def __init__(self, queues: Any, name: str | None = None, *positional: Any, **options: Any) -> None:
        given = queues if isinstance(queues, (list, tuple)) else [queues]
        names = [each.name if isinstance(each, Queue) else str(each) for each in given]
        options |= {"job_class": ShardJob, "queue_class": Queue, "serializer": "json"}
        options["maintenance_interval"] = min(_MAINTENANCE_SECONDS, options.get("maintenance_interval") or 600)
        super().__init__(names, name, *positional, **options)
        self._serves: FarmRun | None = None
        self._in_hand: InHand | None = None
        if options.get("prepare_for_work", True):
            be_patient(self.connection)

    def serialize(self) -> dict[Any, Any]:
        """What Redis knows of the worker."""
        return super().serialize() | {"class": "FarmWorker"}

    # What to take

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a shard that this worker may take; ``timeout`` None: do not wait."""
        self.set_state(WorkerStatus.IDLE)
        began, pause = time.monotonic(), _FIRST_PAUSE
        while True:
            self.check_for_suspension(burst=timeout is None)
            if self.should_run_maintenance_tasks:
                self.run_maintenance_tasks()
            taken = self._take()
            if taken is not None or timeout is None or self._stop_requested:
                return taken
            if max_idle_time is not None and time.monotonic() - began > max_idle_time:
                return None
            # Spread, so that a thousand idle workers do not all ask at one moment.
            time.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _take(self) -> tuple[Job, Queue] | None:
        if self._hindered():
            return None
        reasons = []
        for run in self._runs_with_work():
            if reason := hindrance(run):
                reasons.append(f"{run.name}: {reason}")
                continue
            queue = run.queue(self.connection)
            if (job := self._pop(queue)) is not None:
                self._say(WorkerStatus.IDLE)
                self._serves = run
                self.log.info("Worker %s: %s: %s (%s)", self.name, queue.name, job.description, job.id)
                return job, queue
        self._say(UNFIT if reasons else WorkerStatus.IDLE, "; ".join(reasons))
        return None

    def _pop(self, queue: Queue) -> Job | None:
        """The next job of a queue; until it is begun its id lies in RQ's intermediate queue, where it is not lost."""
        while (moved := self.connection.lmove(queue.key, queue.intermediate_queue_key)) is not None:
            try:
                return ShardJob.fetch(as_text(moved), connection=self.connection)
            except NoSuchJobError:
                # A ghost: its job went with a Redis that kept nothing.
                self.connection.lrem(queue.intermediate_queue_key, 1, as_text(moved))
        return None

    def _hindered(self) -> bool:
        """Whether this worker takes no shard of any run; says so in Redis."""
        with self.connection.pipeline(transaction=False) as pipe:
            # A Redis that came back empty does not know this worker any more.
            worker_registration.register(self, pipe)
            # 'rq info' lists workers by the queues that it knows, and nothing is ever put into this one.
            pipe.sadd(Queue.redis_queues_keys, *(queue.key for queue in self.queues))
            pipe.sismember(DRAINED_HOSTS, self.hostname or "")
            pipe.hmget(self.key, "birth", "failure_reason")
            pipe.llen(outcomes.failed_key(self.name))
            drained, (birth, reason), failures = pipe.execute()[-3:]
        if birth is None:
            self.connection.hset(self.key, mapping=self.serialize())
        if failures >= _PARKED_AFTER:
            if self.get_state() != PARKED:
                outcomes.refund(self.connection, self.name)
            self._say(PARKED, f"{_PARKED_AFTER} shards in a row failed: {as_text(reason or '')}")
            return True
        if drained:
            self._say(DRAINED)
        return bool(drained)

    def _runs_with_work(self) -> list[FarmRun]:
        runs = [run for run in all_runs(self.connection) if not run.paused]
        with self.connection.pipeline(transaction=False) as pipe:
            for run in runs:
                pipe.llen(run.queue(self.connection).key)
            return [run for run, length in zip(runs, pipe.execute()) if length]

    def _say(self, state: str, reason: str = "") -> None:
        """Make a state and its reason visible; the log tells of each change once."""
        if (state, reason) == (self.get_state(), getattr(self, "_reason", "")):
            return
        if reason:
            self.log.warning("Worker %s: %s: %s", self.name, state, reason)
        self._reason = reason
        with self.connection.pipeline() as pipe:
            self.set_state(state, pipe)
            pipe.hset(self.key, "reason", reason)
            pipe.execute()

    def clean_registries(self) -> None:
        """Look after the registries of all runs: shards whose worker died, or died while taking them, go back."""
        own, self.queues = self.queues, [run.queue(self.connection) for run in all_runs(self.connection)]
        try:
            super().clean_registries()
        finally:
            self.queues = own

    # What becomes of a shard

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Render a shard in a work-horse, and keep count of its pairs."""
        run, lacked = self._serves, lacking(job)
        # What cannot be known now counts for nothing.
        lacked = frozenset() if lacked is None else lacked
        self._in_hand = InHand(job, queue, run, lacked, lacked)
        try:
            job.check()  # type: ignore[attr-defined]
            super().execute_job(job, queue)
        except RefusedJob as error:
            reason = f"{outcomes.REFUSED}: {error}"
            self.handle_job_failure(job, queue, exc_string=reason, execution=self.prepare_execution(job))
        self._count()
        self._in_hand = None
        if run is not None and run.unattended:
            self._conclude(run, job)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Start a work-horse; while the first one is at work, learn what the next ones need not learn any more."""
        super().fork_work_horse(job, queue)
        for name in _OF_EVERY_SHARD:
            importlib.import_module(name)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        super().maintain_heartbeats(job, execution)
        self._count()

    def _count(self) -> None:
        """Add the pairs that have come since the last look to the counts of the run."""
        hand = self._in_hand
        if hand is None or hand.run is None:
            return
        found = lacking(hand.job)
        if found is None:
            return
        left = hand.left & found
        came, hand.left = len(hand.left - left), left
        if came:
            outcomes.count_pairs(self.connection, hand.run, came)

    def _conclude(self, run: FarmRun, job: Job) -> None:
        """Where nothing of a run is left to do, have index and report written, once."""
        queue = run.queue(self.connection)
        if queue.count or queue.started_job_registry.count or job.func_name == CONCLUDE:
            return
        if self.connection.hset(run.key, "concluded", 1):
            conclude_later(self.connection, run)

    def handle_job_success(self, job: Job, queue: Queue, *others: Any, **named: Any) -> None:
        super().handle_job_success(job, queue, *others, **named)
        rendered = self._in_hand is not None and job.func_name != CONCLUDE
        outcomes.count_success(self.connection, self._in_hand.run if rendered and self._in_hand else None, self.name)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """Write down whose fault it was; a try that brought pairs costs the shard nothing."""
        kind, reason = outcomes.last_words(exc_string)
        # Without an execution it is somebody else's job that maintenance has found.
        if execution is not None and self._stopped_job_id != job.id:
            fruitful = self._in_hand is not None and lacking(job) not in (None, self._in_hand.lacked)
            run = self._in_hand.run if self._in_hand is not None else None
            outcomes.blame(self.connection, run, self.name, job, kind, reason, fruitful)
            if kind in outcomes.GIVEN_BACK:
                self._give_back(job, queue, execution)
                return
            if kind == outcomes.REFUSED:
                job.retries_left = 0
            elif fruitful and run is not None:
                job.retries_left = run.tries
        super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)

    def _finalize_failure(self, job: Job, queue: Queue, execution: Execution, exc_info: Any) -> None:
        if exc_info[0] is stopping.Stopping:
            self.log.info("Worker %s: gives %s back", self.name, job.id)
            self._give_back(job, queue, execution)
            return
        if exc_info[0] is Fenced:
            # The shard is somebody else's by now, and so is what becomes of the job.
            with self.connection.pipeline() as pipe:
                self.cleanup_execution(job, pipe, execution)
                pipe.execute()
            return
        super()._finalize_failure(job, queue, execution, exc_info)

    def _give_back(self, job: Job, queue: Queue, execution: Execution | None) -> None:
        with self.connection.pipeline() as pipe:
            self.cleanup_execution(job, pipe, execution)
            queue._enqueue_job(job, pipeline=pipe, at_front=True)
            pipe.execute()

    # Signals

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        stopping.listen()

    def handle_warm_shutdown_request(self) -> None:
        """Ask the work-horse to end after the frame in flight."""
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """End the work-horse and all that it started, give its shard back, and end."""
        try:
            super().request_force_stop(signum, frame)
        except SystemExit:
            execution = self.execution
            if self._in_hand is not None and execution is not None:
                self._count()
                self._give_back(self._in_hand.job, self._in_hand.queue, execution)
            raise
