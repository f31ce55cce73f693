"""Shard jobs: a shard as a job of RQ that carries data, never code.

RQ's own jobs are pickles and name any function, so whoever can write to Redis runs what he likes on every worker. These
are JSON and run one of two functions, with a folder that the worker allows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from manifests.errors import DataSetError

from ..data_sets import named
from ..storage.urls import Place, StoreUrl, place_of

QUEUE = "render"
"""What workers listen to; the queue of a run is called ``render:RUN``."""

RENDER, CONCLUDE = "worker.jobs.render_shard", "worker.runs.conclude"
ROOT_VARIABLE = "DEFECTORY_ROOT"


class RefusedJob(Exception):
    """A job that is none of ours; nothing of it was run."""


class ShardJob(Job):
    """A job that renders a shard or concludes a run, and can do nothing else whatever stands in Redis."""

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: object = None) -> None:
        super().__init__(id, connection=connection, serializer=JSONSerializer)

    def restore(self, raw_data: Any) -> None:
        """Take the job from Redis, without functions that it wants called and addresses that it wants told."""
        super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []

    def perform(self) -> Any:
        """Run the job.

        Raises:
            RefusedJob: it names another function, or a folder outside of the one that this worker allows.
        """
        self.check()
        return super().perform()

    def check(self) -> tuple[Place, list[int]]:
        """Place of the data set and frames of the job.

        Raises:
            RefusedJob: as above.
        """
        try:
            function, instance, arguments, named = self.func_name, self.instance, self.args, self.kwargs
        except Exception:  # whatever a forged job makes of RQ
            raise RefusedJob("refused a job that is no JSON") from None
        if function not in (RENDER, CONCLUDE) or instance is not None or named or not isinstance(arguments, list):
            raise RefusedJob(f"refused a job that names '{function}'; this farm renders shards and nothing else")
        folder, frames = arguments[:1], arguments[1] if len(arguments) > 1 else []
        if not (folder and isinstance(folder[0], str) and isinstance(frames, list)) or not all(
            type(frame) is int and frame >= 0 for frame in frames
        ):
            raise RefusedJob(f"refused a job whose arguments are not those of {function}")
        return allowed(folder[0]), frames


def lacking(job: Job) -> frozenset[int] | None:
    """Frames of a job that have no pair; none where the job is none of ours; None where that cannot be known now."""
    try:
        place, frames = job.check()  # type: ignore[attr-defined]
    except RefusedJob:
        return frozenset()
    try:
        # A worker that waited here would seem dead.
        return frozenset(named(place, patient=False).lacking(frames))
    except DataSetError:
        return None


def allowed(folder: str) -> Place:
    """A place that the worker may write to: an absolute path or an address, under DEFECTORY_ROOT where that is set.

    Raises:
        RefusedJob: it is not.
    """
    root = os.environ.get(ROOT_VARIABLE)
    try:
        path = place_of(folder)
    except DataSetError as error:
        raise RefusedJob(f"refused the folder {folder}: {error}") from None
    if isinstance(path, StoreUrl):
        if root and not f"{path}/".startswith(f"{root.rstrip('/')}/"):
            raise RefusedJob(f"refused the place {folder}: it lies outside of {ROOT_VARIABLE}={root}")
        return path
    if not path.is_absolute():
        raise RefusedJob(f"refused the folder {folder}: the farm takes absolute paths")
    if root and not path.resolve().is_relative_to(Path(root).resolve()):
        raise RefusedJob(f"refused the folder {folder}: it lies outside of {ROOT_VARIABLE}={root}")
    return path
