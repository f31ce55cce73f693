"""The jobs that RQ runs: ``worker.jobs.render_shard``."""

from __future__ import annotations

import os
import re
import traceback

from rq import Worker, get_current_job

from manifests.errors import UserError
from manifests.files import read_manifest

from .blender import limits
from .data_sets import located
from .lifeline import die_with_parent
from .pairs import attempts, failures
from .rendering import Means
from .shards import Shard
from .storage.urls import place_of


def render_shard(data_set: str, frames: list[int], device: str = "auto") -> int:
    """Render those of the frames that are missing and not quarantined; commit each as soon as it is verified.

    A frame that fails does not stop the others: it is tried again, and quarantined in the end
    (:mod:`worker.shards`). Rendering a frame again is harmless: the first commit wins. Where RQ runs the same job
    again, this first makes sure that the former run of it is dead and can commit no more
    (:mod:`worker.pairs.attempts`).

    Args:
        data_set: folder of the data set, or its address in a store, with its manifest and its prepared part.
        frames: frame numbers.
        device: as ``defectory render --device`` takes it.

    Returns:
        Number of pairs that this call committed.

    Raises:
        Refused: the device is absent, say.
        BlenderError: Blender is absent or does not start; as NothingRendered: not one frame succeeded.
        FolderRefused: the disk is full or refuses, or the store does.
        Fenced: another run of this job has taken over.
        Stopping: the worker was asked to stop; what has been rendered is committed.
        DataSetError: the folder cannot be used.
    """
    _tie_to_worker()
    place = located(place_of(data_set), patient=True)
    given_up = failures.quarantined(place)
    missing = [frame for frame in place.lacking(frames) if frame not in given_up]
    if not missing:
        return 0
    manifest = read_manifest(place.manifest_file)
    means = Means(device, limits.from_environment())
    with attempts.attempt(place, _shard_name()) as held:
        # A former run may have gone on while this one waited for its end.
        missing = place.lacking(missing)
        try:
            return Shard(place, manifest, held, means).render(missing) if missing else 0
        except UserError:
            raise
        except BaseException:
            with held.log.open("a") as log:
                traceback.print_exc(file=log)
            raise


def _shard_name() -> str:
    """What all runs of this job have in common and no other job has; empty outside RQ."""
    job = get_current_job()
    return "" if job is None else re.sub(r"[^A-Za-z0-9_-]", "-", job.id)[-100:]


def _tie_to_worker() -> None:
    """In a work-horse of RQ: die when the worker dies, so that whoever takes the shard over renders it alone."""
    job = get_current_job()
    if job is None or job.worker_name is None:
        return
    worker = Worker.find_by_key(Worker.redis_worker_namespace_prefix + job.worker_name, connection=job.connection)
    # A worker that does not fork runs the job itself.
    if worker is not None and worker.pid != os.getpid():
        die_with_parent(worker.pid)
