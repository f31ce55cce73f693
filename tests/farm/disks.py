"""Small disks of their own, to be filled."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[bool]:
    """A folder that is a disk of that size; False where this may not mount one, and it is a folder like any other."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={round(megabytes * 1000)}k", "none", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(balloon: Path) -> None:
    """Write a file until its disk has no room."""
    with contextlib.suppress(OSError), balloon.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
