"""Runs: from a manifest, or from a data set begun before, to complete pairs, index and report."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis.exceptions import RedisError

from manifests import shards
from manifests.errors import DataSetError, ManifestError, QueueError
from manifests.files import read_manifest, write_yaml
from manifests.layout import DataSet, write_atomic
from manifests.schema import Manifest

from . import assets, attempts, backgrounds, pairs, parts, report
from .blender import find_blender, headless_script
from .data_sets import open_data_set
from .dispatch import Dispatch, Failure
from .failures import forget
from .farm import RemoteFarm, local_farm, remote_farm
from .index import write_index
from .lifeline import stop_signals
from .progress import Reporter, reporter

_POLL_SECONDS = 0.2


_MOST_SHARD_FRAMES = 64  # a shard whose Blender dies again is lost up to here for this run
_FARM_WORKERS = 16  # what a farm is taken to have, since workers come and go


@dataclass(frozen=True)
class Options:
    """How a run goes about it; none of this changes what a pair looks like.

    Attributes:
        frames: half-open range ``(start, stop)``, None for an end that is not given; None: all frames.
        workers: RQ workers to start where Redis is not given; at least 1.
        device: ``auto``, ``cpu``, ``cuda``, ``optix``, ``hip``, ``metal`` or ``oneapi``.
        redis_url: Redis of a farm; None: bring along one and the workers.
        shard_frames: frames that one Blender renders; None: few enough for every worker to have some.
    """

    frames: tuple[int | None, int | None] | None = None
    workers: int = 1
    device: str = "auto"
    redis_url: str | None = None
    shard_frames: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run has come to.

    Attributes:
        data_set: where.
        done: pairs of the wanted frames that are there.
        wanted: frames that were asked for.
        seconds: wall time of the rendering.
        failures: frames that could not be had, and why.
        report: the report, None where nothing was rendered or the run was stopped.
        stopped: whether Ctrl-C or a signal ended it.
    """

    data_set: DataSet
    done: int
    wanted: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    report: Path | None = None
    stopped: bool = False


def render(manifest_file: Path, folder: Path | None, options: Options) -> Outcome:
    """Render what a data set lacks of a manifest.

    Args:
        manifest_file: the manifest.
        folder: of the data set; None: ``data/NAME``.
        options: how.

    Raises:
        UserError: any; what it finds before the first frame leaves the folder as it was.
    """
    manifest = read_manifest(manifest_file)
    data_set = DataSet(Path("data") / manifest.name if folder is None else folder)
    _check_claim(data_set, manifest)
    wanted = _wanted(manifest, options.frames)
    _check_means(manifest, options)
    with stop_signals():
        try:
            part = None if manifest.pattern is not None else parts.prepare(manifest, manifest_file, data_set)
        except KeyboardInterrupt:
            return Outcome(data_set, 0, len(wanted), 0.0, stopped=True)
        sources = assets.gather(manifest, manifest_file.parent, data_set)
        if sources:
            backgrounds.check_photographs(manifest, manifest_file.parent)
        for warning in part.report.warnings if part is not None else ():
            print(f"warning: {warning}", file=sys.stderr)
        if not data_set.manifest_file.exists():
            write_atomic(data_set.manifest_file, write_yaml(manifest).encode())
        if part is not None:
            part.save(data_set)
        assets.save(sources, data_set)
        return _run(data_set, manifest, wanted, options)


def resume(folder: Path, options: Options) -> Outcome:
    """Render what a data set lacks of its own manifest, from the part that was prepared for it.

    Raises:
        UserError: any; the folder holds no data set, say.
    """
    data_set, manifest = open_data_set(folder)
    if manifest.pattern is None:
        parts.prepared_file(data_set)
    assets.check(manifest, data_set)
    _check_means(manifest, options)
    with stop_signals():
        return _run(data_set, manifest, _wanted(manifest, options.frames), options)


def verify(folder: Path, *, repair: bool = False) -> Iterator[tuple[int, str | None]]:
    """Check every pair of a data set.

    Args:
        folder: of the data set.
        repair: take damaged pairs out, so that they are rendered again.

    Yields:
        Each frame that has a pair, and what is wrong with it, None where nothing is.
    """
    data_set, manifest = open_data_set(folder)
    holding = attempts.only_run(data_set) if repair else contextlib.nullcontext()
    with holding:
        found = False
        for frame, problem in pairs.damaged(data_set, manifest, data_set.complete_frames()):
            if problem is not None and repair:
                data_set.discard(frame)
                found = True
            yield frame, problem
        if found:
            write_index(data_set)


def write_report(folder: Path) -> Path:
    """Write the report of a data set anew; its path.

    Raises:
        DataSetError: the folder holds none, or a record is damaged.
    """
    data_set, _ = open_data_set(folder)
    write_index(data_set)
    return report.write_report(data_set)


def _check_claim(data_set: DataSet, manifest: Manifest) -> None:
    root = data_set.root
    if data_set.manifest_file.exists():
        owner = read_manifest(data_set.manifest_file)
        if owner.sha256() != manifest.sha256():
            raise DataSetError(f"{root}: belongs to another manifest ({owner.name}); choose another --out")
    elif root.exists() and not root.is_dir():
        raise DataSetError(f"{root}: is a file; choose another --out")
    elif root.exists() and any(entry.name != data_set.attempts_folder.name for entry in root.iterdir()):
        raise DataSetError(f"{root}: is not empty and holds no data set; choose another --out")


def _wanted(manifest: Manifest, frames: tuple[int | None, int | None] | None) -> range:
    start, stop = frames or (None, None)
    first, last = 0 if start is None else start, manifest.frame_count if stop is None else stop
    if not 0 <= first < last <= manifest.frame_count:
        raise ManifestError("--frames", f"must lie in 0:{manifest.frame_count} and not be empty, got {first}:{last}")
    return range(first, last)


def _missing(data_set: DataSet, wanted: range) -> list[int]:
    # Listing folders is far quicker than asking for each of a million frames.
    complete = set(data_set.complete_frames())
    return [frame for frame in wanted if frame not in complete]


def _check_means(manifest: Manifest, options: Options) -> None:
    """Find out what is missing before anything is written."""
    rendered = manifest.pattern is None
    if rendered:
        headless_script()
    if options.redis_url is None:
        if rendered:
            find_blender()
    else:
        with remote_farm(options.redis_url):
            pass


def _run(data_set: DataSet, manifest: Manifest, wanted: range, options: Options) -> Outcome:
    began = time.monotonic()
    failures: list[Failure] = []
    stopped = False
    with attempts.only_run(data_set):
        attempts.sweep(data_set)
        # Whoever starts a run anew asks for all that is missing.
        forget(data_set, wanted)
        missing = _missing(data_set, wanted)
        try:
            if missing:
                _render_missing(data_set, manifest, missing, len(wanted), options, failures)
        except KeyboardInterrupt:
            stopped = True
        finally:
            # Whatever has happened, the index tells of every pair that is there.
            write_index(data_set)
        if not failures:
            attempts.sweep(data_set)
    done = len(wanted) - len(_missing(data_set, wanted))
    page = None if stopped else report.write_report(data_set)
    seconds = time.monotonic() - began if missing else 0.0
    return Outcome(data_set, done, len(wanted), seconds, tuple(failures), page, stopped)


def _render_missing(
    data_set: DataSet, manifest: Manifest, missing: list[int], total: int, options: Options, failures: list[Failure]
) -> None:
    plan = shards.plan(manifest, missing, options.shard_frames or _shard_frames(len(missing), options))
    present = total - len(missing)
    try:
        with _farm(data_set, options) as farm:
            dispatch = Dispatch(farm, data_set, plan, options.device, failures=failures)
            with reporter(total, present) as progress:
                _until_done(dispatch, progress, present)
    except RedisError as error:
        reason = " ".join(str(error).split())
        raise QueueError(f"Redis has gone ({reason}); the same command goes on where this one stopped") from None


def _shard_frames(missing: int, options: Options) -> int:
    """Frames of a shard: enough to hide Blender's start, few enough to give every worker two turns."""
    if options.redis_url is None and options.workers == 1:
        return _MOST_SHARD_FRAMES
    workers = _FARM_WORKERS if options.redis_url else options.workers
    return max(1, min(_MOST_SHARD_FRAMES, missing // (2 * workers)))


def _until_done(dispatch: Dispatch, progress: Reporter, present: int) -> None:
    try:
        while dispatch.advance():
            progress.update(present + dispatch.done, dispatch.failed, dispatch.farm.note())
            time.sleep(_POLL_SECONDS)
        progress.update(present + dispatch.done, dispatch.failed)
    except BaseException:
        dispatch.cancel()
        raise


@contextlib.contextmanager
def _farm(data_set: DataSet, options: Options) -> Iterator[RemoteFarm]:
    if options.redis_url is None:
        with local_farm(options.workers, data_set.attempts_folder) as farm:
            yield farm
    else:
        with remote_farm(options.redis_url) as farm:
            yield farm
