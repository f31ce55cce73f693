"""Dispatch: what a data set lacks is handed to the farm as shards, and their outcome is awaited.

Handing over can be done again at any time: frames that lie in the queue, are being rendered, have their pair or are
quarantined are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from redis import Redis
from rq.executions import WORKER_EXECUTIONS_KEY_TEMPLATE
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.utils import as_text

from manifests import shards
from manifests.errors import BlenderError, DataSetError
from manifests.layout import DataSet
from manifests.schema import Manifest

from .data_sets import named
from .farm import board, runs
from .farm.local import LocalFarm
from .farm.outcomes import last_words
from .farm.runs import FarmRun
from .farm.shard_jobs import ShardJob
from .pairs.failures import quarantined

_HOPELESS = 3  # tries that failed while not a single pair came
_LOST = 3  # how often shards that nobody knows of any more are handed over again while no pair comes
_REGISTRY_SECONDS = 15.0
_NOTE_SECONDS = 2.0
_LOOK_SHARE = 0.05  # of the time may go into listing the pairs


@dataclass(frozen=True)
class Failure:
    """Frames that could not be had, and why in one line."""

    frames: tuple[int, ...]
    reason: str


def hand_over(
    connection: Redis,
    run: FarmRun,
    manifest: Manifest,
    wanted: range,
    shard_frames: Callable[[int], int],
    given_up: Iterable[int] = (),
) -> int:
    """Put what a data set lacks, and what does not lie there already, into the queue of its run.

    Args:
        connection: to Redis.
        run: with the folder of the data set.
        manifest: of the data set.
        wanted: frames that are asked for.
        shard_frames: frames of a shard for a number of frames that lack.
        given_up: frames to leave out besides.

    Returns:
        Number of shards.
    """
    data_set = named(run.folder)
    with runs.submitting(connection, run) as covered:
        left_out = covered | quarantined(data_set).keys() | set(given_up)
        frames = [frame for frame in data_set.lacking(wanted) if frame not in left_out]
        plan = shards.plan(manifest, frames, shard_frames(len(frames))) if frames else ()
        return runs.submit(connection, run, plan)


@dataclass
class Dispatch:
    """A run that somebody waits for.

    Attributes:
        connection: to Redis.
        run: what was handed over.
        manifest: of the data set.
        wanted: frames that are asked for.
        shard_frames: as :func:`hand_over` takes it.
        local: workers of our own; None: those of a farm.
        done: wanted frames that have their pair, as of the last look.
        failures: frames that could not be had.
        note: what holds the rendering up; empty where nothing does.
    """

    connection: Redis
    run: FarmRun
    manifest: Manifest
    wanted: range
    shard_frames: Callable[[int], int]
    local: LocalFarm | None
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    note: str = ""
    _began_with: int = 0
    _handed_over: int = 0
    _next_look: float = 0.0
    _next_cleaning: float = 0.0
    _next_note: float = 0.0

    def start(self) -> None:
        """Hand over what lacks."""
        self._began_with = self.done = len(self.wanted) - len(named(self.run.folder).lacking(self.wanted))
        runs.forget_failed(self.connection, self.run)
        self._hand_over(())

    def advance(self) -> bool:
        """Look at what has come of the run; to be called a few times a second.

        Returns:
            Whether anything is still out.

        Raises:
            BlenderError: Blender refuses what is asked of it, or no shard succeeds.
            DataSetError: the folder takes nothing more.
        """
        self._bury_dead()
        state = board.look_at(self.connection, self.run)
        if time.monotonic() > self._next_look:
            self._look()
        self._judge(state)
        if state.queued or state.running:
            return True
        return self._settle()

    def cancel(self) -> None:
        """Take back what is queued and stop what is being rendered."""
        if self.local is None:
            runs.withdraw(self.connection, self.run)

    @property
    def failed(self) -> int:
        """Frames that could not be had."""
        return sum(len(failure.frames) for failure in self.failures)

    def _hand_over(self, given_up: Iterable[int]) -> None:
        self._handed_over += 1
        hand_over(self.connection, self.run, self.manifest, self.wanted, self.shard_frames, given_up)

    def _look(self) -> None:
        began = time.monotonic()
        done = len(self.wanted) - len(named(self.run.folder).lacking(self.wanted))
        if done > self.done:
            self._handed_over = 0
        self.done = done
        self._next_look = time.monotonic() + (time.monotonic() - began) / _LOOK_SHARE

    def _bury_dead(self) -> None:
        registry = StartedJobRegistry(queue=self.run.queue(self.connection), job_class=ShardJob)
        for name in self.local.replace_dead() if self.local is not None else ():
            for each in map(as_text, self.connection.smembers(WORKER_EXECUTIONS_KEY_TEMPLATE.format(name))):
                job_id = each.partition(":")[0]
                # It was the worker that died, whose replacements are counted; the shard keeps its tries.
                self.connection.hset(ShardJob.key_for(job_id), "retries_left", self.run.tries)
                self.connection.zadd(registry.key, {each: 0}, xx=True)
                self._next_cleaning = 0.0
        # RQ's own workers look for jobs of workers that died only when they are idle, and seldom.
        if time.monotonic() > self._next_cleaning:
            self._next_cleaning = time.monotonic() + _REGISTRY_SECONDS
            registry.cleanup()

    def _judge(self, state: board.RunState) -> None:
        """Give up where nothing can come of it; where the workers are somebody else's, say what holds them up."""
        kind, reason = state.failure
        if self.local is not None:
            if kind == "worker.refusals.Refused":
                raise BlenderError(reason)
            if kind == "manifests.errors.FolderRefused":
                raise DataSetError(reason)
            if state.shards_failed >= _HOPELESS and self.done == self._began_with:
                self._look()
                if self.done == self._began_with:
                    raise BlenderError(f"no shard succeeds: {reason}")
        if time.monotonic() > self._next_note:
            self._next_note = time.monotonic() + _NOTE_SECONDS
            now = runs.find(self.connection, self.run)
            paused = now is not None and now.paused
            workers = board.Board(workers=board.workers(self.connection))
            self.note = f"paused: 'defectory resume {self.run.folder}' goes on" if paused else workers.note()
            if self.local is not None:
                # Workers of our own that do not work yet are about to.
                if any(worker.reason for worker in workers.workers) and self.note and not paused:
                    raise DataSetError(self.note)
                self.note = ""

    def _settle(self) -> bool:
        """Nothing is out: find out why frames are still missing; True where they were handed over again."""
        self._look()
        data_set = named(self.run.folder)
        left = set(data_set.lacking(self.wanted))
        self.failures.clear()
        if not left:
            return False
        if runs.was_cancelled(self.connection, self.run):
            self.failures.append(Failure(tuple(sorted(left)), "cancelled by 'defectory cancel'"))
            return False
        for frames, reason in (*self._given_up(), *_quarantined(data_set)):
            if here := left & frames:
                self.failures.append(Failure(tuple(sorted(here)), reason))
                left -= here
        if left and self._handed_over <= _LOST:
            # A Redis that came back empty, or a ghost of a shard.
            self._hand_over(frame for failure in self.failures for frame in failure.frames)
            return True
        if left:
            self.failures.append(Failure(tuple(sorted(left)), "its shard was lost again and again; is Redis well?"))
        return False

    def _given_up(self) -> list[tuple[set[int], str]]:
        """Frames and reason of each shard that has used up its tries."""
        registry = FailedJobRegistry(queue=self.run.queue(self.connection), job_class=ShardJob)
        found = []
        for job in ShardJob.fetch_many(registry.get_job_ids(), connection=self.connection):
            if isinstance(job, ShardJob):
                result = job.latest_result()
                reason = last_words(result.exc_string if result is not None and result.exc_string else "")[1]
                found.append((set(job.check()[1]), reason))
        return found


def _quarantined(data_set: DataSet) -> list[tuple[set[int], str]]:
    found: dict[str, set[int]] = {}
    for frame, failure in quarantined(data_set).items():
        found.setdefault(failure.reason, set()).add(frame)
    return [(frames, reason) for reason, frames in found.items()]
