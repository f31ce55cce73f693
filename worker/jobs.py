"""The jobs that RQ runs: ``worker.jobs.render_shard``."""

from __future__ import annotations

import errno
import json
import os
import shutil
import traceback
from pathlib import Path
from typing import Any

from rq import Worker, get_current_job

from manifests import assets
from manifests.errors import DataSetError, UserError
from manifests.files import read_manifest
from manifests.layout import RECORD, DataSet, disk_errors
from manifests.sampling import Table
from manifests.schema import Manifest, to_dict

from . import attempts, parts, stopping
from .blender import build_command, find_blender, headless_script, running
from .lifeline import die_with_parent
from .records import Provenance, complete_record

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM)
_SPARE_BYTES = 2**20


class FolderRefused(DataSetError):
    """The file system takes nothing more, so no frame can succeed; trying again is no use before somebody mends it."""


def render_shard(data_set: str, frames: list[int], device: str = "auto", threads: int = 0) -> int:
    """Render those of the frames that are missing and commit each as soon as it is verified.

    A frame that fails does not stop the others. Rendering a frame again is harmless: the first commit wins.

    Args:
        data_set: folder of the data set, with its manifest and its prepared part.
        frames: frame numbers.
        device: as ``defectory render --device`` takes it.
        threads: of Blender's; 0: one for each core.

    Returns:
        Number of pairs that this call committed.

    Raises:
        BlenderError: Blender is absent, refuses or fails.
        FolderRefused: the disk is full or refuses.
        Stopping: the worker was asked to stop; what has been rendered is committed.
        DataSetError: the folder cannot be used, or frames failed their verification; the rest have been committed.
    """
    _tie_to_worker()
    place = DataSet(Path(data_set))
    missing = [frame for frame in frames if not place.is_complete(frame)]
    if not missing:
        return 0
    manifest = read_manifest(place.manifest_file)
    try:
        with attempts.attempt(place) as folder:
            try:
                return _render(place, manifest, missing, folder, device, threads)
            except UserError:
                raise
            except BaseException:
                with (folder / attempts.LOG).open("a") as log:
                    traceback.print_exc(file=log)
                raise
    except Exception as error:
        _check_folder(place, error)
        raise


def _check_folder(data_set: DataSet, error: Exception) -> None:
    """Where the file system is behind an error, say so instead: Blender on a full disk tells of a damaged EXR."""
    cause = error if isinstance(error, OSError) else error.__context__
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _REFUSED and isinstance(error, DataSetError):
        raise FolderRefused(str(error)) from None
    if number in _FULL or shutil.disk_usage(data_set.root).free < _SPARE_BYTES:
        text = "the disk is full; free some space, then run the same command again"
        raise FolderRefused(f"{data_set.root}: {text}") from None


def _tie_to_worker() -> None:
    """In a work-horse of RQ: die when the worker dies, so that whoever takes the shard over renders it alone."""
    job = get_current_job()
    if job is None or job.worker_name is None:
        return
    worker = Worker.find_by_key(Worker.redis_worker_namespace_prefix + job.worker_name, connection=job.connection)
    # A worker that does not fork runs the job itself.
    if worker is not None and worker.pid != os.getpid():
        die_with_parent(worker.pid)


def _render(data_set: DataSet, manifest: Manifest, frames: list[int], folder: Path, device: str, threads: int) -> int:
    part = parts.prepared_file(data_set)
    shard: dict[str, Any] = {
        "manifest": to_dict(manifest),
        "frames": frames,
        "part": str(part.absolute()),
        "assets": str(data_set.assets_folder.absolute()),
        "folder": str(folder.absolute()),
        "device": device,
        "threads": threads,
    }
    shard_file = folder.absolute() / "shard.json"
    with disk_errors(shard_file):
        shard_file.write_text(json.dumps(shard), encoding="utf-8")
    command = build_command(find_blender(), headless_script(), shard_file)
    committed = 0
    failures: list[str] = []
    with running(command, folder / attempts.LOG) as events:
        # What follows takes its time to load; Blender starts meanwhile.
        table = parts.table(manifest, part)
        origin = Provenance(manifest, part, assets=data_set.assets_file if assets.named(manifest) else None)
        for event in events:
            if event["event"] == "ready":
                origin.blender, origin.device = event["blender"], event["device"]
            elif event["event"] == "frame":
                try:
                    committed += _develop(data_set, manifest, table, folder, origin, event)
                except DataSetError as error:
                    _check_folder(data_set, error)
                    text = str(error)
                    failures.append(text if text.startswith("frame ") else f"frame {event['frame']}: {text}")
                stopping.check()
    if failures:
        more = f" (and {len(failures) - 1} more frames)" if len(failures) > 1 else ""
        raise DataSetError(failures[0] + more)
    return committed


def _develop(
    data_set: DataSet, manifest: Manifest, table: Table, folder: Path, origin: Provenance, event: dict[str, Any]
) -> int:
    from .develop import develop
    from .pairs import check_pair

    frame, exr = int(event["frame"]), Path(event["exr"])
    staged = folder / f"{frame:07d}"
    with disk_errors(staged):
        staged.mkdir()
        developed = develop(exr, staged, manifest, table, frame, event, data_set.assets_folder)
        record = complete_record(data_set, table, frame, developed, event, origin)
        (staged / RECORD).write_text(record, encoding="utf-8")
    check_pair(staged, manifest, frame)
    committed = data_set.commit(staged, frame)
    exr.unlink(missing_ok=True)
    return int(committed)
