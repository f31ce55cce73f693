"""Runs: from a manifest, or from a data set begun before, to complete pairs, index and report."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from manifests.errors import DataSetError, ManifestError, QueueError
from manifests.files import read_manifest, write_yaml
from manifests.layout import DataSet, write_atomic
from manifests.schema import Manifest

from . import assets, pairs, parts, preflight, report
from .blender import find_blender, headless_script
from .data_sets import located, named, open_data_set
from .develop import backgrounds
from .dispatch import Dispatch, Failure
from .farm.connections import connect
from .farm.local import LocalFarm, local_farm
from .farm.runs import FarmRun, absolute
from .lifeline import stop_signals
from .pairs import attempts
from .pairs.failures import forget
from .pairs.index import write_index
from .pairs.scan import scan
from .progress import Reporter, reporter
from .storage.urls import Place, place_of

_POLL_SECONDS = 0.2
_MOST_SHARD_FRAMES = 64  # a shard whose Blender dies again is lost up to here for this run
_FARM_WORKERS = 16  # what a farm is taken to have, since workers come and go
_LOCAL_TRIES = 1  # a shard is tried again once without a pair: here it is the same machine that fails


@dataclass(frozen=True)
class Options:
    """How a run goes about it; but for the seed, none of this changes what a pair looks like.

    Attributes:
        frames: half-open range ``(start, stop)``, None for an end that is not given; None: all frames.
        workers: RQ workers to start where Redis is not given; at least 1.
        device: ``auto``, ``cpu``, ``cuda``, ``optix``, ``hip``, ``metal`` or ``oneapi``.
        redis_url: Redis of a farm; None: bring along one and the workers.
        shard_frames: frames that one Blender renders; None: few enough for every worker to have some.
        priority: on a farm, runs of a higher one come first.
        tags: on a farm, what a worker must have.
        seed: in place of the manifest's: the same data set drawn anew; None: the manifest's own.
    """

    frames: tuple[int | None, int | None] | None = None
    workers: int = 1
    device: str = "auto"
    redis_url: str | None = None
    shard_frames: int | None = None
    priority: int = 0
    tags: tuple[str, ...] = ()
    seed: int | None = None

    def cut(self, missing: int) -> int:
        """Frames of a shard: enough to hide Blender's start, few enough to give every worker two turns."""
        if self.shard_frames:
            return self.shard_frames
        if self.redis_url is None and self.workers == 1:
            return _MOST_SHARD_FRAMES
        workers = _FARM_WORKERS if self.redis_url else self.workers
        return max(1, min(_MOST_SHARD_FRAMES, missing // (2 * workers)))


@dataclass(frozen=True)
class Outcome:
    """What a run has come to.

    Attributes:
        data_set: where.
        done: pairs of the wanted frames that are there.
        wanted: frames that were asked for.
        seconds: wall time of the rendering.
        failures: frames that could not be had, and why.
        report: the report, None where the run was stopped or the data set lies in a store.
        stopped: whether Ctrl-C or a signal ended it.
    """

    data_set: DataSet
    done: int
    wanted: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    report: Path | None = None
    stopped: bool = False


def render(manifest_file: Path, place: Place | None, options: Options) -> Outcome:
    """Render what a data set lacks of a manifest.

    Args:
        manifest_file: the manifest.
        place: of the data set; None: the folder ``data/NAME``.
        options: how.

    Raises:
        UserError: any; what it finds before the first frame leaves the place as it was.
    """
    with stop_signals():
        try:
            begun = begin(manifest_file, place, options)
        except KeyboardInterrupt:
            return Outcome(named(place or Path()), 0, 0, 0.0, stopped=True)
        return _run(*begun, options)


def begin(manifest_file: Path, place: Place | None, options: Options) -> tuple[DataSet, Manifest, range]:
    """Lay out a data set, or open it where it was begun before: all that its shards need lies there afterwards.

    Returns:
        The data set, its manifest and the frames that are asked for.

    Raises:
        UserError: any; the place is left as it was.
    """
    manifest = read_manifest(manifest_file)
    if options.seed is not None:
        manifest = replace(manifest, seed=options.seed)
    data_set = located(_named_folder(manifest) if place is None else place)
    check_owner(data_set, manifest)
    wanted = _wanted(manifest, options.frames)
    _check_means(manifest, options)
    part = None if manifest.pattern is not None else parts.prepare(manifest, manifest_file, data_set)
    if part is not None:
        preflight.check_scene(manifest, part.mesh)
    sources = assets.gather(manifest, manifest_file.parent, data_set)
    if sources:
        backgrounds.check_photographs(manifest, manifest_file.parent)
    for warning in part.report.warnings if part is not None else ():
        print(f"warning: {warning}", file=sys.stderr)
    begun = data_set.manifest_file.exists()
    try:
        if not begun:
            write_atomic(data_set.manifest_file, write_yaml(manifest).encode())
        if part is not None:
            part.save(data_set)
        assets.save(sources, data_set)
    except BaseException:
        if not begun:
            data_set.abandon()
        raise
    return data_set if begun else data_set.publish(), manifest, wanted


def resume(place: Place, options: Options) -> Outcome:
    """Render what a data set lacks of its own manifest, from the part that was prepared for it.

    Raises:
        UserError: any; there is no data set, say.
    """
    begun = reopen(place, options)
    with stop_signals():
        return _run(*begun, options)


def reopen(place: Place, options: Options) -> tuple[DataSet, Manifest, range]:
    """Open a data set that was begun before; as :func:`begin`."""
    data_set, manifest = open_data_set(place)
    if manifest.pattern is None:
        parts.prepared_file(data_set)
    assets.check(manifest, data_set)
    _check_means(manifest, options)
    return data_set, manifest, _wanted(manifest, options.frames)


def forgive(place: Place, frames: tuple[int | None, int | None] | None) -> int:
    """Give quarantined frames all their tries again; their number.

    Raises:
        UserError: there is no data set, or the range lies outside of it.
    """
    data_set, manifest = open_data_set(place)
    return len(forget(data_set, _wanted(manifest, frames)))


def verify(place: Place, *, repair: bool = False, quick: bool = False) -> Generator[tuple[int, str | None], None, None]:
    """Check every pair of a data set.

    Args:
        place: of the data set.
        repair: take damaged pairs out, so that they are rendered again.
        quick: look at names, sizes and records alone.

    Yields:
        Each frame that has a pair, and what is wrong with it, None where nothing is.

    Raises:
        UserError: there is no data set, or a pair cannot be read now; such a pair stays.
    """
    data_set, manifest = open_data_set(place)
    with contextlib.ExitStack() as held:
        if repair:
            held.enter_context(stop_signals())
            held.enter_context(attempts.only_run(data_set))
        found = False
        try:
            for frame, problem in (scan if quick else pairs.damaged)(data_set, manifest, data_set.complete_frames()):
                if problem is not None and repair:
                    found = True
                    # Better no index than one that names a pair that is gone.
                    data_set.index_file.unlink(missing_ok=True)
                    data_set.discard(frame)
                yield frame, problem
        finally:
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


def _named_folder(manifest: Manifest) -> Path:
    if manifest.name != Path(manifest.name).name or manifest.name in (".", ".."):
        raise ManifestError("name", f"'{manifest.name}' is no name of a folder below data/; give --out DIR")
    return Path("data") / manifest.name


def check_owner(data_set: DataSet, manifest: Manifest) -> None:
    """Make sure that a data set may be one of a manifest: it is already, or nothing is there.

    Raises:
        DataSetError: it may not.
    """
    if data_set.manifest_file.exists():
        owner = read_manifest(data_set.manifest_file)
        if owner.sha256() != manifest.sha256():
            raise DataSetError(f"{data_set.place}: belongs to another manifest ({owner.name}); choose another --out")
    else:
        data_set.check_vacant()


def _wanted(manifest: Manifest, frames: tuple[int | None, int | None] | None) -> range:
    start, stop = frames or (None, None)
    first, last = 0 if start is None else start, manifest.frame_count if stop is None else stop
    if not 0 <= first < last <= manifest.frame_count:
        raise ManifestError("--frames", f"must lie in 0:{manifest.frame_count} and not be empty, got {first}:{last}")
    return range(first, last)


def _check_means(manifest: Manifest, options: Options) -> None:
    """Find out what is missing before anything is written."""
    rendered = manifest.pattern is None
    if rendered:
        headless_script()
    if options.redis_url is None:
        if rendered:
            find_blender()
    else:
        connect(options.redis_url).close()


def _run(data_set: DataSet, manifest: Manifest, wanted: range, options: Options) -> Outcome:
    began = time.monotonic()
    failures: list[Failure] = []
    stopped = False
    with attempts.only_run(data_set):
        attempts.sweep(data_set)
        missing = data_set.lacking(wanted)
        try:
            if missing:
                _render_missing(data_set, manifest, wanted, options, failures)
        except KeyboardInterrupt:
            stopped = True
        finally:
            # Whatever has happened, the index tells of every pair that is there.
            write_index(data_set)
        if not failures:
            attempts.sweep(data_set)
    done = len(wanted) - len(data_set.lacking(wanted))
    page = None if stopped else _conclude(data_set, manifest)
    seconds = time.monotonic() - began if missing else 0.0
    return Outcome(data_set, done, len(wanted), seconds, tuple(failures), page, stopped)


def _render_missing(
    data_set: DataSet, manifest: Manifest, wanted: range, options: Options, failures: list[Failure]
) -> None:
    run = farm_run(data_set, manifest, wanted, options)
    try:
        with _farm(data_set, options) as (connection, local):
            dispatch = Dispatch(connection, run, manifest, wanted, options.cut, local, failures=failures)
            dispatch.start()
            with reporter(len(wanted), dispatch.done) as progress:
                _until_done(dispatch, progress)
    except RedisError as error:
        reason = " ".join(str(error).split())
        raise QueueError(f"Redis has gone ({reason}); the same command goes on where this one stopped") from None


def farm_run(data_set: DataSet, manifest: Manifest, wanted: range, options: Options) -> FarmRun:
    """What the farm is to know of a data set."""
    place = absolute(place_of(str(data_set.place)))
    run = FarmRun(place, manifest.name, len(wanted), options.device, options.tags, options.priority)
    return run if options.redis_url else replace(run, tries=_LOCAL_TRIES)


def _until_done(dispatch: Dispatch, progress: Reporter) -> None:
    try:
        while dispatch.advance():
            progress.update(dispatch.done, dispatch.failed, dispatch.note)
            time.sleep(_POLL_SECONDS)
        progress.update(dispatch.done, dispatch.failed)
    except BaseException:
        dispatch.cancel()
        raise


@contextlib.contextmanager
def _farm(data_set: DataSet, options: Options) -> Iterator[tuple[Redis, LocalFarm | None]]:
    if options.redis_url is None:
        with local_farm(options.workers, data_set.attempts_folder) as farm:
            yield farm.connection, farm
    else:
        with contextlib.closing(connect(options.redis_url)) as connection:
            yield connection, None


def conclude(folder: str) -> None:
    """Write index and report of a data set that nobody waits for; a job of the farm.

    Args:
        folder: of the data set, or its address.
    """
    data_set, manifest = open_data_set(place_of(folder))
    write_index(data_set)
    _conclude(data_set, manifest)


def _conclude(data_set: DataSet, manifest: Manifest) -> Path | None:
    """Tidy up after a run and write the report, where people look for one."""
    if not data_set.lacking(range(manifest.frame_count)):
        data_set.drop_claims()
    return report.write_report(data_set) if data_set.browsable else None
