"""Dispatch: shards out to the farm, their outcomes back; a failed shard is tried again while that brings pairs.

Only a window of shards lies in the queue at a time, so that a million frames cost Redis no more than a thousand.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry

from manifests.errors import BlenderError, DataSetError
from manifests.layout import DataSet

from .failures import quarantined
from .farm import RemoteFarm

_TRIES = 2
_HOPELESS = 3  # shards that failed while not a single pair was done
_KEEP_SECONDS = 3600  # how long Redis keeps what became of a shard
_REGISTRY_SECONDS = 15.0


@dataclass(frozen=True)
class Failure:
    """Frames that could not be had, and why in one line."""

    frames: tuple[int, ...]
    reason: str


@dataclass
class _Shard:
    frames: tuple[int, ...]
    pending: set[int]
    tries: int = 0
    fruitless: int = 0  # tries in a row that brought no pair
    sent: int = 0  # frames of the last try


@dataclass
class Dispatch:
    """Shards of one run on their way.

    Attributes:
        farm: who renders.
        data_set: where to.
        shards: what is to be rendered, taken as the queue empties.
        device: as ``defectory render --device`` takes it.
        done: pairs that have appeared since the run began.
        failures: shards that failed, twice in a row without a single pair.
    """

    farm: RemoteFarm
    data_set: DataSet
    shards: Iterator[tuple[int, ...]]
    device: str
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    _out: dict[str, _Shard] = field(default_factory=dict)
    _failed_tries: int = 0
    _token: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _cleaned: float = 0.0

    def advance(self) -> bool:
        """Look at what came of the shards that are out and send the next ones; to be called a few times a second.

        Returns:
            Whether anything is still out.

        Raises:
            BlenderError: Blender refuses what is asked of it, or every shard fails.
            DataSetError: the folder takes nothing more.
        """
        self._fill()
        lost = self.farm.lost_workers()
        self._bury_abandoned()
        for job_id, job in zip(list(self._out), Job.fetch_many(list(self._out), connection=self.farm.connection)):
            shard = self._out[job_id]
            before = len(shard.pending)
            shard.pending = {frame for frame in shard.pending if not self.data_set.is_complete(frame)}
            self.done += before - len(shard.pending)
            reason = _outcome(job, lost)
            if reason is None:
                continue
            del self._out[job_id]
            if job is not None:
                job.delete()
            # The last pairs may have come between the look at the disk and the look at the job.
            late = {frame for frame in shard.pending if self.data_set.is_complete(frame)}
            self.done += len(late)
            shard.pending -= late
            self._give_up(shard)
            if shard.pending:
                self._fail(shard, reason)
        self._fill()
        return bool(self._out)

    def cancel(self) -> None:
        """Take back what is queued and stop what is being rendered."""
        self.farm.leave(list(self._out))

    @property
    def failed(self) -> int:
        """Frames that could not be had."""
        return sum(len(failure.frames) for failure in self.failures)

    def _fill(self) -> None:
        window = self.farm.window()
        while len(self._out) < window:
            frames = next(self.shards, None)
            if frames is None:
                return
            self._send(_Shard(frames, set(frames)))

    def _send(self, shard: _Shard) -> None:
        shard.tries += 1
        shard.sent = len(shard.pending)
        job_id = f"defectory-{self._token}-{shard.frames[0]:07d}-{shard.tries}"
        self.farm.queue().enqueue_call(
            "worker.jobs.render_shard",
            args=(str(self.data_set.root.absolute()), sorted(shard.pending), self.device, self.farm.threads),
            timeout=-1,
            result_ttl=_KEEP_SECONDS,
            failure_ttl=_KEEP_SECONDS,
            job_id=job_id,
            unique=True,
            description=f"{self.data_set.root.name}: frames {shard.frames[0]} to {shard.frames[-1]}",
        )
        self._out[job_id] = shard

    def _give_up(self, shard: _Shard) -> None:
        """Take the frames that have been quarantined out of a shard."""
        reasons: dict[str, list[int]] = {}
        for frame, failure in quarantined(self.data_set).items():
            if frame in shard.pending:
                reasons.setdefault(failure.reason, []).append(frame)
        for reason, frames in reasons.items():
            shard.pending -= set(frames)
            self.failures.append(Failure(tuple(frames), reason))

    def _fail(self, shard: _Shard, reason: str) -> None:
        kind, _, text = reason.partition(": ")
        named = kind.replace(".", "").isidentifier() and "." in kind
        if kind == "worker.refusals.Refused":
            raise BlenderError(text)
        if kind == "worker.refusals.FolderRefused":
            raise DataSetError(text)
        self._failed_tries += 1
        shard.fruitless = 0 if len(shard.pending) < shard.sent else shard.fruitless + 1
        reason = text if named and text else reason
        if self._failed_tries >= _HOPELESS and not self.done:
            raise BlenderError(f"no shard succeeds: {reason}")
        if shard.fruitless < _TRIES:
            self._send(shard)
        else:
            self.failures.append(Failure(tuple(sorted(shard.pending)), reason))

    def _bury_abandoned(self) -> None:
        # RQ's own workers look for jobs of workers that died only when they are idle, and seldom.
        if time.monotonic() - self._cleaned > _REGISTRY_SECONDS:
            self._cleaned = time.monotonic()
            StartedJobRegistry(queue=self.farm.queue()).cleanup()


def _outcome(job: Job | None, lost: set[str]) -> str | None:
    """Why a job's shard ended, one line; None while it has not."""
    if job is None:
        return "Redis has lost the shard"
    status = job.get_status(refresh=False)
    if status == JobStatus.FINISHED:
        return "was reported done, but pairs are missing; was the folder changed meanwhile?"
    if status == JobStatus.FAILED:
        result = job.latest_result()
        return _last_words(result.exc_string if result is not None and result.exc_string else "")
    if status in (JobStatus.STOPPED, JobStatus.CANCELED):
        return "was stopped by somebody"
    if status == JobStatus.STARTED and job.worker_name in lost:
        return "its worker died"
    return None


def _last_words(trace: str) -> str:
    lines = [line for line in trace.splitlines() if line.strip()]
    if not lines:
        return "failed without a reason"
    if lines[-1].startswith("Work-horse terminated unexpectedly"):
        return "the process that rendered was killed; is there memory enough for so many workers?"
    if "AbandonedJobError" in lines[-1]:
        return "its worker died"
    return lines[-1].strip()
