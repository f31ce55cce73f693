"""Attempts: the folders in which shards are rendered, each held by the processes that fill it.

``.attempts/SHARD.TOKEN/`` is one attempt at a shard. ``holder.json`` in it names the processes, and the time of
``lease`` says when they last lived. Whoever tries the shard again first renames the former folder: from that moment
the former attempt cannot commit, since a commit is a rename out of that folder. Then it sees to it that the former
processes are dead: on the same host it kills them, on another it waits until the lease has run out.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from manifests.errors import DataSetError
from manifests.layout import DataSet, disk_errors, scratch_files

from ..processes import Identity, end, host, identify, is_alive

LOG = "blender.log"
_HOLDER = "holder.json"
_LEASE = "lease"
_REVOKED = ".revoked"
_RENEW_S = 5.0
_LEASE_S = 30.0  # six renewals: a network file system may show a time some seconds late
_END_S = 20.0
_OPENING_S = 60.0  # a folder without a holder is younger than this where it is only being opened


class Fenced(DataSetError):
    """Another attempt has taken the shard over; this one can commit nothing more."""


class Attempt:
    """An attempt under way.

    Attributes:
        folder: where it works.
        token: its name.
        keep_log: whether its log stays when it ends well.
        fruitless: whether not one frame succeeded, to be told to the next attempt.
        after_fruitless: whether an attempt before at the same shard was.
    """

    def __init__(self, data_set: DataSet, folder: Path, after_fruitless: bool = False) -> None:
        self.folder, self.token = folder, folder.name
        self._data_set = data_set
        self.keep_log = self.fruitless = False
        self.after_fruitless = after_fruitless
        self._processes = [identify(os.getpid())]
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._write(released=False)
        (folder / _LEASE).touch()
        threading.Thread(target=self._renew, daemon=True).start()

    @property
    def log(self) -> Path:
        return self.folder / LOG

    def hold(self, process: Identity | None) -> None:
        """Write down a process that has to be dead before anybody tries again."""
        self._processes.append(process)
        self._write(released=False)

    def is_lost(self) -> bool:
        """Whether another attempt has taken over."""
        return self._lost.is_set()

    def check(self) -> None:
        """Make sure that the shard is still this attempt's.

        Raises:
            Fenced: another attempt has taken over.
        """
        if self.is_lost() or not self._data_set.holds(self.folder):
            self._lost.set()
            raise Fenced(f"{self.token}: another attempt has taken the shard over")

    def release(self) -> None:
        """End it: nobody needs to wait for its processes any more."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._write(released=True)

    def _write(self, *, released: bool) -> None:
        processes = [asdict(process) for process in self._processes if process is not None]
        scratch = self.folder / f".{_HOLDER}"
        try:
            holder = {"processes": processes, "released": released, "fruitless": self.fruitless}
            scratch.write_text(json.dumps(holder), encoding="utf-8")
            scratch.replace(self.folder / _HOLDER)
        except FileNotFoundError:
            self._lost.set()

    def _renew(self) -> None:
        while not self._ended.wait(_RENEW_S):
            try:
                os.utime(self.folder / _LEASE)
                if self._data_set.holds(self.folder):
                    continue
            except FileNotFoundError:
                pass
            except (OSError, DataSetError):
                continue
            self._lost.set()
            return


@contextlib.contextmanager
def attempt(data_set: DataSet, shard: str = "") -> Iterator[Attempt]:
    """A fresh attempt at a shard, after all former attempts at it are dead; of its folder nothing is left but the log
    of a failure.

    Args:
        data_set: where.
        shard: name of the shard, the same for each try and no other shard's; empty: it is not tried again.

    Raises:
        DataSetError: a former attempt does not die.
        FolderRefused: the disk is full or refuses.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,100}", shard):
        raise DataSetError(f"shard {shard[:100]!r}: its name may hold letters, digits, - and _ alone")
    with disk_errors(data_set.attempts_folder):
        former = [folder for folder in _folders(data_set) if shard and folder.name.startswith(f"{shard}.")]
        fruitless = [folder.name for folder in former if _take_over(folder)]
    folder = data_set.open_attempt(shard)
    with disk_errors(folder):
        held = Attempt(data_set, folder, bool(fruitless))
        try:
            yield held
        except BaseException:
            held.keep_log = True
            raise
        finally:
            held.release()
            if held.keep_log:
                _clear(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)


def _take_over(folder: Path) -> bool:
    """Fence a former attempt and make sure that it is dead; whether it ended without a single frame."""
    holder = _holder(folder)
    if holder is None or holder["released"]:
        return bool(holder and holder.get("fruitless"))
    if not folder.name.endswith(_REVOKED):
        revoked = folder.with_name(folder.name + _REVOKED)
        # Where it has gone, it has just ended, or somebody else is fencing it.
        with contextlib.suppress(FileNotFoundError):
            folder.rename(revoked)
        folder = revoked
    give_up = time.monotonic() + _LEASE_S + _END_S
    ours, others = _processes(holder)
    if not end(ours, _END_S):
        raise DataSetError(f"{folder}: the attempt before does not die; end the processes {[p.pid for p in ours]}")
    while others and _age_s(folder / _LEASE) < _LEASE_S:
        if time.monotonic() > give_up:
            raise DataSetError(f"{folder}: the attempt before is still alive on another machine")
        time.sleep(0.5)
    _clear(folder)
    return False


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
            raise DataSetError(f"{data_set.place}: another defectory renders into it; wait for it or stop it first")
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
    """Drop the folders of attempts that belong to nobody any more, and files whose writer was killed in the middle."""
    for file in (*scratch_files(data_set.root), *scratch_files(data_set.failures_folder)):
        if _age_s(file) > _OPENING_S:
            file.unlink(missing_ok=True)
    for folder in _folders(data_set):
        if _is_dead(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _folders(data_set: DataSet) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return [Path(entry.path) for entry in os.scandir(data_set.attempts_folder) if entry.is_dir()]
    return []


def _is_dead(folder: Path) -> bool:
    holder = _holder(folder)
    if holder is None:
        return _age_s(folder) > _OPENING_S
    ours, others = _processes(holder)
    if holder["released"]:
        return True
    if any(map(is_alive, ours)):
        return False
    return not others or _age_s(folder / _LEASE) > _LEASE_S


def _holder(folder: Path) -> dict[str, Any] | None:
    try:
        holder: dict[str, Any] = json.loads((folder / _HOLDER).read_bytes())
    except (OSError, ValueError):
        return None
    return holder


def _processes(holder: dict[str, Any]) -> tuple[list[Identity], list[Identity]]:
    """Processes of a holder on this host, without this one, and on others."""
    processes = [Identity(**each) for each in holder["processes"]]
    ours = [process for process in processes if process.host == host() and process.pid != os.getpid()]
    return ours, [process for process in processes if process.host != host()]


def _age_s(path: Path) -> float:
    """Seconds since a file or folder was touched, by the clock of the file system: those of two hosts may differ."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            now = os.fstat(probe.fileno()).st_mtime
    except OSError:
        now = time.time()
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clear(folder: Path) -> None:
    """Drop all of an attempt but its log and its holder."""
    with contextlib.suppress(FileNotFoundError):
        for path in list(folder.iterdir()):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name not in (LOG, _HOLDER):
                path.unlink(missing_ok=True)
