"""The jobs that RQ runs: ``worker.jobs.render_shard``."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
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
    if manifest.pattern is not None:
        return _draw(data_set, manifest, frames, folder)
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
    with running(command, folder / attempts.LOG) as events:
        # What follows takes its time to load; Blender starts meanwhile.
        from .develop import develop

        named = data_set.assets_file if assets.named(manifest) else None
        origin = Provenance(manifest, part, assets=named)
        table = parts.table(manifest, part)
        commits = _Commits(data_set, table, folder, origin)
        for event in events:
            if event["event"] == "ready":
                commits.origin.blender, commits.origin.device = event["blender"], event["device"]
            elif event["event"] == "frame":
                exr, frame = Path(event["exr"]), int(event["frame"])
                commits.take(
                    event,
                    partial(develop, exr, table=table, frame=frame, event=event, assets=data_set.assets_folder),
                )
                exr.unlink(missing_ok=True)
                stopping.check()
    return commits.outcome()


def _draw(data_set: DataSet, manifest: Manifest, frames: list[int], folder: Path) -> int:
    """Draw the frames of a pattern, here: no Blender is needed."""
    from .camera import camera_image
    from .develop import write_pictures
    from .patterns import draw_pattern

    table = Table(manifest, None)
    commits = _Commits(data_set, table, folder, Provenance(manifest, None, device="CPU"))
    for frame in frames:
        began = time.monotonic()
        drawing, masks = draw_pattern(table, frame)
        image = camera_image(drawing.opaque(), manifest, table, frame)
        event: dict[str, Any] = {"frame": frame, "seconds": time.monotonic() - began, "warnings": drawing.warnings}
        commits.take(event, partial(write_pictures, image, masks, manifest=manifest, defects=drawing.anomalies))
        stopping.check()
    return commits.outcome()


@dataclass
class _Commits:
    """The frames of one shard on their way into the data set."""

    data_set: DataSet
    table: Table
    folder: Path
    origin: Provenance
    committed: int = 0
    failures: list[str] = field(default_factory=list)

    def take(self, event: dict[str, Any], write: Callable[..., dict[str, Any]]) -> None:
        """Fill a folder with a frame's pictures and its record, check it and commit it; a failure is kept for later.

        Args:
            event: what was told of the frame.
            write: writes its pictures into a folder; returns what the record says of them.
        """
        from .pairs import check_pair

        frame = int(event["frame"])
        staged = self.folder / f"{frame:07d}"
        try:
            with disk_errors(staged):
                staged.mkdir()
                developed = write(folder=staged)
                record = complete_record(self.data_set, self.table, frame, developed, event, self.origin)
                (staged / RECORD).write_text(record, encoding="utf-8")
            check_pair(staged, self.table.manifest, frame)
            self.committed += self.data_set.commit(staged, frame)
        except DataSetError as error:
            _check_folder(self.data_set, error)
            text = str(error)
            self.failures.append(text if text.startswith("frame ") else f"frame {frame}: {text}")

    def outcome(self) -> int:
        """Number of pairs that were committed.

        Raises:
            DataSetError: frames failed.
        """
        if self.failures:
            more = f" (and {len(self.failures) - 1} more frames)" if len(self.failures) > 1 else ""
            raise DataSetError(self.failures[0] + more)
        return self.committed
