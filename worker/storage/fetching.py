"""Fetching: what a folder lacks of a data set in an object store; the folder is a data set like any other then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from manifests.errors import DataSetError, FolderRefused
from manifests.layout import DataSet, disk_errors, write_atomic
from manifests.schema import Manifest

from .. import report
from ..data_sets import open_data_set
from ..lifeline import stop_signals
from ..pairs import attempts, check_pair
from ..pairs.index import write_index
from ..progress import reporter
from ..runs import check_owner
from .stored_sets import StoredSet
from .urls import StoreUrl


@dataclass(frozen=True)
class Fetched:
    """What a folder has of a data set.

    Attributes:
        folder: which.
        came: pairs that were fetched now.
        done: pairs that are there.
        total: frames of the manifest.
        damaged: what is wrong with pairs that were left in the store.
        report: its report.
    """

    folder: Path
    came: int
    done: int
    total: int
    damaged: tuple[str, ...]
    report: Path

    def text(self) -> str:
        """Lines for a person."""
        return f"{self.folder}: {self.done} of {self.total} pairs, {self.came} fetched\nreport: {self.report}"


def fetch(url: StoreUrl, folder: Path) -> Fetched:
    """Bring what a folder lacks of a data set in a store.

    Raises:
        DataSetError: there is no such data set, the folder holds another, the store is away or the disk is full; what
            has been fetched stays, and fetching again goes on.
    """
    stored, manifest = open_data_set(url)
    assert isinstance(stored, StoredSet)
    target = DataSet(folder)
    check_owner(target, manifest)
    with stop_signals(), attempts.only_run(target):
        attempts.sweep(target)
        _lay_out(stored, target)
        missing = target.lacking(stored.complete_frames())
        damaged: list[str] = []
        with attempts.attempt(target) as held, reporter(len(missing), 0) as progress:
            bring = partial(_bring, stored, target, manifest, held.folder)
            pool = ThreadPoolExecutor(stored.readers)
            try:
                for number, problem in enumerate(pool.map(bring, missing), start=1):
                    damaged += [problem] if problem else []
                    progress.update(number - len(damaged), len(damaged))
            finally:
                pool.shutdown(cancel_futures=True)
        write_index(target)
    done = len(target.complete_frames())
    page = report.write_report(target)
    return Fetched(folder, len(missing) - len(damaged), done, manifest.frame_count, tuple(damaged), page)


def _lay_out(stored: StoredSet, target: DataSet) -> None:
    """Write the set-up; the manifest first, by which the folder is known to be this data set's."""
    for path in stored.set_up():
        place = target.root / path.relative_to(stored.root)
        if not place.exists():
            write_atomic(place, path.read_bytes())


def _bring(stored: StoredSet, target: DataSet, manifest: Manifest, scratch: Path, frame: int) -> str | None:
    """Fetch, verify and commit a pair; what is wrong with it, None where nothing is."""
    staged = scratch / f"{frame:07d}"
    with disk_errors(staged):
        staged.mkdir()
    try:
        stored.unpack(frame, staged)
        check_pair(staged, manifest, frame)
    except FolderRefused:
        raise
    except DataSetError as error:
        return str(error)
    target.commit(staged, frame)
    return None
