"""Refusals: what no further try can mend before a person has."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import BlenderError, DataSetError, FolderRefused
from manifests.layout import DataSet

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM)
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
_SPARE_BYTES = 2**20


class Refused(BlenderError):
    """Blender works, but what is asked of it cannot be had: a device that is absent, say."""


@contextlib.contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Refuse what this machine cannot read now, which says nothing of what is written there.

    Raises:
        OSError: the file is not there.
        FolderRefused: it is, and the file system does not give it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _ABSENT:
            raise
        text = f"cannot be read on this machine now: {error.strerror}; check its disk and the file's permissions"
        raise FolderRefused(f"{error.filename or path}: {text}") from None


def check_folder(data_set: DataSet, error: Exception) -> None:
    """Where the file system is behind an error, say so instead: Blender on a full disk tells of a damaged EXR.

    Raises:
        FolderRefused: it is.
    """
    if isinstance(error, FolderRefused):
        raise error
    cause = error if isinstance(error, OSError) else error.__context__
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _REFUSED and isinstance(error, DataSetError):
        raise FolderRefused(str(error)) from None
    if number in _FULL or shutil.disk_usage(data_set.root).free < _SPARE_BYTES:
        text = "the disk is full; free some space, then run the same command again"
        raise FolderRefused(f"{data_set.root}: {text}") from None
