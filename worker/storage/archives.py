"""Archives: the files of a pair as one ZIP; not compressed, since pictures are already. Same files, same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from pathlib import Path

_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path) -> bytes:
    """The files of a folder, by name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name, _MOMENT), path.read_bytes())
    return content.getvalue()


def unpack(content: bytes, names: Collection[str], folder: Path) -> None:
    """Write files of an archive into a folder.

    Args:
        content: the archive.
        names: files to write; no other one is, whatever the archive holds.
        folder: that takes them.

    Raises:
        ValueError: the archive is damaged, or lacks one of them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in sorted(names):
                (folder / name).write_bytes(archive.read(name))
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(" ".join(str(error.args[0] if error.args else error).split())) from None
