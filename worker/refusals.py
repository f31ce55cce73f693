"""Refusals: what no further try can mend before a person has."""

from __future__ import annotations

import errno
import shutil

from manifests.errors import BlenderError, DataSetError, FolderRefused
from manifests.layout import DataSet

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM)
_SPARE_BYTES = 2**20


class Refused(BlenderError):
    """Blender works, but what is asked of it cannot be had: a device that is absent, say."""


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
