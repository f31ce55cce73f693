"""Attempts: the folders in which shards are rendered, each held by a lock of the process that fills it.

A lock goes when its process does, however that ends. So a folder whose lock is free belongs to nobody: it is left
from a failure, with its log, or from a kill, and the next run sweeps it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import DataSetError
from manifests.layout import DataSet, disk_errors

LOG = "blender.log"
_LOCK = "lock"
_UNLOCKED_SECONDS = 60.0  # an attempt without a lock file is younger than this where it is only being opened


@contextlib.contextmanager
def attempt(data_set: DataSet) -> Iterator[Path]:
    """A fresh folder for one shard; dropped at the end, but for its log where the shard fails."""
    folder = data_set.open_attempt()
    with disk_errors(folder), (folder / _LOCK).open("xb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield folder
        except BaseException:
            _clear(folder, keep=(LOG, _LOCK))
            raise
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def only_run(data_set: DataSet) -> Iterator[None]:
    """Hold a data set as the one run that hands out its shards.

    Raises:
        DataSetError: another run holds it.
    """
    with disk_errors(data_set.attempts_folder):
        data_set.attempts_folder.mkdir(parents=True, exist_ok=True)
    with (data_set.attempts_folder / "run.lock").open("ab") as handle:
        if not _take(handle.fileno()):
            raise DataSetError(f"{data_set.root}: another defectory renders into it; wait for it or stop it first")
        yield


def is_running(data_set: DataSet) -> bool:
    """Whether some run of this machine hands out shards of the data set."""
    with contextlib.suppress(FileNotFoundError), (data_set.attempts_folder / "run.lock").open("rb") as handle:
        return not _take(handle.fileno())
    return False


def logs(data_set: DataSet) -> list[Path]:
    """Logs of the shards that failed since the last run began, newest last."""
    found = []
    for path in data_set.attempts_folder.glob(f"*/{LOG}"):
        with contextlib.suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def sweep(data_set: DataSet) -> None:
    """Drop the folders of attempts that belong to nobody any more."""
    with contextlib.suppress(FileNotFoundError):
        for folder in [Path(entry.path) for entry in os.scandir(data_set.attempts_folder) if entry.is_dir()]:
            if _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("rb") as handle:
            return _take(handle.fileno())
    except FileNotFoundError:
        with contextlib.suppress(FileNotFoundError):
            return time.time() - folder.stat().st_mtime > _UNLOCKED_SECONDS
        return False


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clear(folder: Path, keep: tuple[str, ...]) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in keep:
            path.unlink(missing_ok=True)
