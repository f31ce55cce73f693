"""Every path of a data set, and the one way in which a pair becomes part of it.

::

    DIR/manifest.yaml                       the manifest, every field stated
    DIR/index.jsonl                         one line a pair, rebuilt from the pairs
    DIR/report.html
    DIR/part/KEY.npz                        the prepared part
    DIR/assets/PATH                         other files that the manifest names, at the paths that it gives
    DIR/assets.json                         their SHA-256 by path
    DIR/pairs/0000/0000123/image.png        the camera image
                          /mask.png         class mask, 8 bit
                          /instances.png    instance mask, 16 bit
                          /passes.exr       the manifest's passes, where it asks for any
                          /twin.png         the camera image without what twins lack, where there are any
                          /visible.png      class mask of what can be seen, 8 bit, where a twin tells
                          /pair.json        what is known of the pair
    DIR/failures/0000123.json               what went wrong with a frame that has no pair (worker/pairs/failures.py)
    DIR/.attempts/TOKEN/                    work in progress of one attempt (worker/pairs/attempts.py)

A pair is a folder. It is filled in its attempt's folder and moved to its place by a single rename, which no reader can
see half done and which fails where a pair lies already: the first commit wins.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import DataSetError, FolderRefused
from .schema import Manifest

IMAGE, MASK, INSTANCES, RECORD = "image.png", "mask.png", "instances.png", "pair.json"
PASSES = "passes.exr"
TWIN, VISIBLE = "twin.png", "visible.png"
_THOUSAND = 1000  # so that no folder holds a million pairs
_FEW = 256  # frames that are asked for one by one
_SCRATCH = re.compile(r"\..+\.[0-9a-f]{32}")


def pair_files(manifest: Manifest) -> dict[str, str]:
    """Files of every pair of a manifest, besides its record.

    Returns:
        Key under which a record gives the file's path and SHA-256, and the file's name in the pair's folder.
    """
    files = {"image": IMAGE, "mask": MASK, "instance_mask": INSTANCES}
    if manifest.output.passes:
        files["passes"] = PASSES
    if manifest.twin is not None:
        files["twin"] = TWIN
        if manifest.measures_visibility:
            files["visible_mask"] = VISIBLE
    return files


def pair_name(frame: int) -> str:
    """Where a frame's pair lies, below all pairs."""
    return f"{frame // _THOUSAND:04d}/{frame:07d}"


def pair_folders(frames: Iterable[int]) -> list[str]:
    """Names of the folders in which the pairs of some frames lie, below all pairs, ascending."""
    return [f"{thousand:04d}" for thousand in sorted({frame // _THOUSAND for frame in frames})]


class DataSet:
    """The folder of a data set.

    Args:
        root: the folder; it need not exist yet.

    Attributes:
        place: what people call it by.
        readers: pairs that are best read at a time.
        browsable: whether people look into it where it lies, so that it has an index and a report there.
    """

    browsable = True

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place: Path | str = root
        self.readers = os.cpu_count() or 1
        self.manifest_file = root / "manifest.yaml"
        self.index_file = root / "index.jsonl"
        self.report_file = root / "report.html"
        self.part_folder = root / "part"
        self.assets_folder = root / "assets"
        self.assets_file = root / "assets.json"
        self.pairs_folder = root / "pairs"
        self.failures_folder = root / "failures"
        self.attempts_folder = root / ".attempts"

    def pair_folder(self, frame: int) -> Path:
        """Folder of a frame's pair, whether it is there or not."""
        return self.pairs_folder / pair_name(frame)

    def failure_file(self, frame: int) -> Path:
        """File that tells of a frame's failed tries, whether it is there or not."""
        return self.failures_folder / f"{frame:07d}.json"

    def is_complete(self, frame: int) -> bool:
        """Whether the pair of a frame has been committed."""
        return self.pair_folder(frame).is_dir()

    def complete_frames(self) -> list[int]:
        """Frames whose pairs have been committed, ascending; reads names only."""
        frames: list[int] = []
        with contextlib.suppress(FileNotFoundError):
            for thousand in os.scandir(self.pairs_folder):
                if thousand.is_dir():
                    frames.extend(int(pair.name) for pair in os.scandir(thousand.path) if pair.name.isdecimal())
        return sorted(frames)

    def check_vacant(self) -> None:
        """Make sure that nothing of somebody else's lies where the data set is to be.

        Raises:
            DataSetError: something does.
        """
        if self.root.exists() and not self.root.is_dir():
            raise DataSetError(f"{self.root}: is a file; choose another --out")
        if self.root.exists() and any(entry.name != self.attempts_folder.name for entry in self.root.iterdir()):
            raise DataSetError(f"{self.root}: is not empty and holds no data set; choose another --out")

    def publish(self) -> DataSet:
        """Show what has been laid out in ``root`` to all who render; the data set as they see it."""
        return self  # the folder is what they see

    def abandon(self) -> None:
        """Drop what has been laid out in ``root`` and will not be published; where people look, it stays."""

    def lacking(self, frames: Collection[int]) -> list[int]:
        """Those of some frames that have no pair, in their order; reads names only."""
        if len(frames) <= _FEW:
            return [frame for frame in frames if not self.is_complete(frame)]
        # Listing folders is far quicker than asking for each of a million frames.
        complete = set(self.complete_frames())
        return [frame for frame in frames if frame not in complete]

    def opened(self, frame: int) -> contextlib.AbstractContextManager[Path]:
        """A folder that holds the files of a committed pair for as long as they are looked at.

        Raises:
            DataSetError: on entering; the pair is damaged.
        """
        return contextlib.nullcontext(self.pair_folder(frame))

    def record(self, frame: int) -> dict[str, Any]:
        """What is known of a committed pair.

        Raises:
            DataSetError: there is no such pair, or its record cannot be read.
        """
        path = self.pair_folder(frame) / RECORD
        try:
            record: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise DataSetError(f"{path}: frame {frame} has no pair") from None
        except ValueError:
            raise DataSetError(f"{path}: is damaged; 'defectory verify --repair' renders the pair again") from None
        return record

    def failure_notes(self) -> Iterator[bytes]:
        """What was noted of frames that failed, frame by frame."""
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self.failures_folder):
                if entry.name.endswith(".json") and entry.name[0] != ".":
                    with contextlib.suppress(OSError):  # gone meanwhile
                        yield Path(entry.path).read_bytes()

    def failure_note(self, frame: int) -> bytes | None:
        """What was noted of a frame's failed tries; None where nothing was."""
        try:
            return self.failure_file(frame).read_bytes()
        except OSError:
            return None

    def note_failure(self, frame: int, note: bytes) -> None:
        """Note what is known of a frame's failed tries, in place of what was noted before.

        Raises:
            FolderRefused: the disk is full or refuses.
        """
        write_atomic(self.failure_file(frame), note)

    def drop_failure(self, frame: int) -> None:
        """Forget that a frame failed."""
        self.failure_file(frame).unlink(missing_ok=True)

    def drop_claims(self) -> None:
        """Delete what attempts have left beside the pairs; to be called when no frame lacks its pair."""
        # A folder has their own folders alone, which are swept.

    def open_attempt(self, shard: str = "") -> Path:
        """A fresh folder for one attempt; its name is the attempt's token and begins with that of the shard, if any.

        Raises:
            FolderRefused: the disk is full or refuses.
        """
        folder = self.attempts_folder / f"{shard}{'.' if shard else ''}{uuid.uuid4().hex}"
        with disk_errors(folder):
            folder.mkdir(parents=True)
        return folder

    def holds(self, attempt: Path) -> bool:
        """Whether an attempt's folder is still its own: nobody has taken its shard over."""
        return attempt.is_dir()

    def commit(self, staged: Path, frame: int) -> bool:
        """Make a filled folder of an attempt the pair of a frame.

        Returns:
            True where it became the pair; False where another attempt was first, and ``staged`` was dropped.

        Raises:
            FolderRefused: the disk is full or refuses.
        """
        place = self.pair_folder(frame)
        with disk_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            for path in staged.iterdir():
                _sync(path)
            _sync(staged)
            try:
                staged.rename(place)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                shutil.rmtree(staged)
                return False
            _sync(place.parent)
        return True

    def discard(self, frame: int) -> None:
        """Take a damaged pair out of the data set, whole, so that it can be rendered again."""
        grave = self.open_attempt() / f"{frame:07d}"
        with disk_errors(self.pair_folder(frame)):
            with contextlib.suppress(FileNotFoundError):
                self.pair_folder(frame).rename(grave)
            shutil.rmtree(grave.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write what is to lie at ``path``: a file beside it, which takes its place in the end if all went well.

    Raises:
        FolderRefused: the disk is full or refuses.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            yield scratch
            with scratch.open("r+b") as stream:
                os.fsync(stream.fileno())
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part.

    Raises:
        FolderRefused: the disk is full or refuses.
    """
    with replacing(path) as scratch:
        scratch.write_bytes(content)


def scratch_files(folder: Path) -> list[Path]:
    """Files that :func:`replacing` has begun in a folder, or had when its process was killed."""
    with contextlib.suppress(FileNotFoundError):
        return [Path(entry.path) for entry in os.scandir(folder) if _SCRATCH.fullmatch(entry.name)]
    return []


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the file system refuses while ``path`` is written into a FolderRefused that says what to do."""
    advice = {
        errno.ENOSPC: "the disk is full; free some space, then run the same command again",
        errno.EDQUOT: "the disk quota is used up; free some space, then run the same command again",
        errno.EACCES: "may not be written; check the folder's permissions",
        errno.EPERM: "may not be written; check the folder's permissions",
        errno.EROFS: "lies on a read-only file system; choose another folder",
        errno.ENOTDIR: "a file stands where a folder is needed; choose another folder",
        errno.EEXIST: "a file stands where a folder is needed; choose another folder",
        errno.ENAMETOOLONG: "the path is too long; choose a shorter one",
    }
    try:
        yield
    except OSError as error:
        if error.errno not in advice:
            raise
        raise FolderRefused(f"{path}: {advice[error.errno]}") from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
