"""The folder that an export fills: built beside its place, moved there by one rename."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from manifests.errors import DataSetError
from manifests.layout import disk_errors

from ..develop import write_png
from ..develop.outlines import Mask

# Another file system, one without hard links, a file with too many of them, or another user's file.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES}


class Target:
    """Where files of an export go; several threads may write.

    Attributes:
        linked, copied: files that share their bytes with the data set, and files that had to be copied.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self.linked = 0
        self.copied = 0

    def folder(self, path: str) -> None:
        """Make a folder that may stay empty."""
        (self._root / path).mkdir(parents=True, exist_ok=True)

    def link(self, source: Path, path: str) -> None:
        """Hard-link a file of the data set, or copy it where the file system cannot."""
        place = self._place(path)
        try:
            os.link(source, place)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            shutil.copyfile(source, place)
            with self._lock:
                self.copied += 1
        else:
            with self._lock:
                self.linked += 1

    def mask(self, mask: Mask, path: str) -> None:
        """Write a mask as 8-bit PNG, 0 and 255."""
        write_png(self._place(path), np.where(mask, np.uint8(255), np.uint8(0)))

    def text(self, text: str, path: str) -> None:
        """Write a text file."""
        self._place(path).write_text(text, encoding="utf-8", newline="\n")

    def _place(self, path: str) -> Path:
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


@contextlib.contextmanager
def filling(out: Path, data_set: Path) -> Iterator[Target]:
    """A target that becomes ``out`` when the block ends well, and vanishes when it does not.

    Raises:
        DataSetError: there is something at ``out`` already, it lies in the data set, or the disk refuses.
    """
    if out.resolve().is_relative_to(data_set.resolve()):
        raise DataSetError(f"{out}: lies in the data set, into which nothing is exported; choose another folder")
    _refuse(out)
    scratch = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    with disk_errors(out):
        try:
            scratch.mkdir(parents=True)
            yield Target(scratch)
            _refuse(out)
            scratch.rename(out)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _refuse(out: Path) -> None:
    if os.path.lexists(out):
        raise DataSetError(f"{out}: is there already; remove it or choose another folder")
