"""Stored sets: data sets whose truth is an object store.

What shards need besides is copied once to a folder of the machine, below ``DEFECTORY_CACHE``; the attempts of this
machine lie there too. The folder's name is a hash of what lies in it, so it is never out of date.

An attempt writes its token into its shard's claim when it begins, and commits only while it finds it there. So an
attempt that seemed dead and is not, on whatever machine, stops committing as soon as the next one has begun. Between
its look at the claim and its write lies a moment; then, as ever, the first commit wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from manifests.errors import DataSetError, FolderRefused
from manifests.files import read_manifest
from manifests.layout import RECORD, DataSet, disk_errors, pair_files, pair_folders, pair_name

from . import archives
from .objects import Absent, Objects
from .urls import StoreUrl

CACHE_VARIABLE = "DEFECTORY_CACHE"
SET_UP = "data_set.json"
_FILES, _PAIRS, _FAILURES, _CLAIMS = "files", "pairs", "failures", "claims"
_SAFE = re.compile(r"(manifest\.yaml|assets\.json|part/[^/]+\.npz|assets/.+)")
_AT_ONCE = 16


class StoredSet(DataSet):
    """A data set in an object store; making one asks the store for nothing.

    Args:
        url: where it lies.
        root: folder of this machine for set-up and attempts; None: one that is not there yet.
        patient: whether it waits for a store that is away; what :meth:`synced` gives always does.
    """

    browsable = False  # whoever wants to look fetches it

    def __init__(self, url: StoreUrl, root: Path | None = None, *, patient: bool = True) -> None:
        super().__init__(root or cache() / f".new-{uuid.uuid4().hex}")
        self.place = self.url = url
        self.objects = Objects(url, patient)
        self.readers = _AT_ONCE  # most of their time they wait for the store
        self._noted: set[int] = set()

    # The set-up

    def synced(self) -> StoredSet | None:
        """The data set with its set-up on this machine; None where nothing was ever submitted to its address.

        Raises:
            DataSetError: a file of the set-up is absent or damaged.
            FolderRefused: the disk is full or refuses, or the store does.
        """
        try:
            listing = self.objects.read(SET_UP)
        except Absent:
            return None
        root = cache() / hashlib.sha256(self.url.encode() + b"\n" + listing).hexdigest()[:32]
        if not root.is_dir():
            try:
                with disk_errors(self.root):
                    self._copy_set_up(_listed(listing, self.url))
                    _move(self.root, root)
            finally:
                self.abandon()
        return StoredSet(self.url, root)

    def check_vacant(self) -> None:
        # Files without their listing come from a submission that was cut off.
        if any(not name.startswith(f"{_FILES}/") for name in self.objects.names("")):
            raise DataSetError(f"{self.url}: is not empty and holds no data set; choose another --out")

    def publish(self) -> StoredSet:
        """Put the set-up that has been laid out in ``root`` into the store; the data set that is there then.

        Raises:
            DataSetError: another data set was put there meanwhile; or the store overwrites where it must not.
        """
        try:
            files = {path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.set_up()}
            hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
            for name, sha256 in hashes.items():
                self.objects.write(f"{_FILES}/{sha256}", files[name])
            listing = json.dumps(hashes, indent=1, ensure_ascii=False).encode()
            self.objects.create(SET_UP, listing)
            if self.objects.create(SET_UP, listing):
                problem = "the store ignores 'If-None-Match: *', so two workers could overwrite each other's pairs"
                raise DataSetError(f"{self.url}: {problem}; see docs/how-to/run-on-a-farm.md for what a store must do")
            if self.objects.read(SET_UP) != listing:
                raise DataSetError(f"{self.url}: another data set was submitted there meanwhile; choose another --out")
        finally:
            self.abandon()
        there = StoredSet(self.url).synced()
        assert there is not None
        return there

    def abandon(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def set_up(self) -> list[Path]:
        """Files of the set-up that lies in ``root``, the manifest first."""
        # Attempts, which lie there too, come and go while they are listed.
        beside = [*self.part_folder.glob("*.npz"), *self.assets_folder.rglob("*"), self.assets_file]
        return [self.manifest_file, *sorted(path for path in beside if path.is_file())]

    def _copy_set_up(self, hashes: dict[str, str]) -> None:
        for name, sha256 in hashes.items():
            try:
                content = self.objects.read(f"{_FILES}/{sha256}")
            except Absent:
                content = b""
            if hashlib.sha256(content).hexdigest() != sha256:
                raise DataSetError(f"{self.url}: {name} is absent or damaged; submit the manifest to another --out")
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    # The pairs

    def is_complete(self, frame: int) -> bool:
        return not self.lacking([frame])

    def complete_frames(self) -> list[int]:
        return self._frames(_PAIRS)

    def lacking(self, frames: Collection[int]) -> list[int]:
        folders = pair_folders(frames)
        if not folders:
            return []
        # An answer names a thousand objects at most: where there are many, the answers come side by side.
        with ThreadPoolExecutor(min(len(folders), _AT_ONCE)) as pool:
            found = pool.map(lambda folder: self._frames(f"{_PAIRS}/{folder}"), folders)
            complete = {frame for each in found for frame in each}
        return [frame for frame in frames if frame not in complete]

    def commit(self, staged: Path, frame: int) -> bool:
        if not self.holds(staged.parent):
            raise DataSetError(f"{staged.parent.name}: another attempt has taken the shard over")
        with disk_errors(staged):
            first = self.objects.create(_pair(frame), archives.pack(staged))
            shutil.rmtree(staged)
        return first

    def discard(self, frame: int) -> None:
        self.objects.delete(_pair(frame))

    @contextlib.contextmanager
    def opened(self, frame: int) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="defectory-") as folder:
            self.unpack(frame, Path(folder))
            yield Path(folder)

    def unpack(self, frame: int, folder: Path) -> None:
        """Write the files of a committed pair into a folder.

        Raises:
            DataSetError: the pair is damaged, or not there.
            FolderRefused: the folder's disk is full or refuses, or the store does.
        """
        with disk_errors(folder):
            try:
                archives.unpack(self.objects.read(_pair(frame)), self._pair_names, folder)
            except Absent:
                raise DataSetError(f"frame {frame}: has no pair") from None
            except ValueError as error:
                raise DataSetError(f"frame {frame}: {_pair(frame)} is damaged: {error}") from None

    # Failures

    def failure_notes(self) -> Iterator[bytes]:
        for frame in self._frames(_FAILURES):
            if note := self.failure_note(frame):
                yield note

    def failure_note(self, frame: int) -> bytes | None:
        try:
            note = self.objects.read(_failure(frame))
        except Absent:
            return None
        self._noted.add(frame)
        return note

    def note_failure(self, frame: int, note: bytes) -> None:
        self.objects.write(_failure(frame), note)
        self._noted.add(frame)

    def drop_failure(self, frame: int) -> None:
        # Most frames never failed; asking the store for each of them would cost a request a pair.
        if frame in self._noted:
            self.objects.delete(_failure(frame))
            self._noted.discard(frame)

    # Attempts

    def open_attempt(self, shard: str = "") -> Path:
        folder = super().open_attempt(shard)
        if shard:
            self.objects.write(_claim(folder), folder.name.encode())
        return folder

    def holds(self, attempt: Path) -> bool:
        if not super().holds(attempt):
            return False
        if not _shard(attempt):
            return True
        try:
            return self.objects.read(_claim(attempt)) == attempt.name.encode()
        except Absent:
            # The run was concluded without it.
            return False

    def drop_claims(self) -> None:
        for name in self.objects.names(_CLAIMS):
            self.objects.delete(f"{_CLAIMS}/{name}")

    @cached_property
    def _pair_names(self) -> list[str]:
        return [RECORD, *pair_files(read_manifest(self.manifest_file)).values()]

    def _frames(self, folder: str) -> list[int]:
        stems = (Path(name).stem for name in self.objects.names(folder))
        return sorted(int(stem) for stem in stems if stem.isdecimal())


def hindrance(url: StoreUrl) -> str:
    """Why the data set at an address cannot be worked on from here now, one line; empty where it can."""
    try:
        Objects(url, patient=False).read(SET_UP)
    except Absent:
        return f"{url}: holds no data set"
    except FolderRefused as error:
        return str(error)
    return ""


def cache() -> Path:
    """Folder of this machine for what comes from stores: DEFECTORY_CACHE, or ``~/.cache/defectory``."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).absolute() if named else Path.home() / ".cache" / "defectory"


def _listed(listing: bytes, url: StoreUrl) -> dict[str, str]:
    """Files and hashes of a set-up; none of them leaves the folder into which they are copied."""
    try:
        hashes: dict[str, str] = json.loads(listing)
        names = [name for name in hashes if _SAFE.fullmatch(name) and ".." not in name.split("/")]
        if len(names) < len(hashes) or not all(re.fullmatch("[0-9a-f]{64}", value) for value in hashes.values()):
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise DataSetError(f"{url}/{SET_UP}: is damaged; submit the manifest to another --out") from None
    return hashes


def _move(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        # Another worker of this machine was first.
        if not place.is_dir():
            raise


def _pair(frame: int) -> str:
    return f"{_PAIRS}/{pair_name(frame)}.zip"


def _failure(frame: int) -> str:
    return f"{_FAILURES}/{frame:07d}.json"


def _shard(attempt: Path) -> str:
    return attempt.name.rpartition(".")[0]


def _claim(attempt: Path) -> str:
    return f"{_CLAIMS}/{_shard(attempt)}"
