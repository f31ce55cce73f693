"""The assets of a data set: copied into it when a run begins, by their hashes the same ever after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from manifests import assets
from manifests.errors import DataSetError, ManifestError
from manifests.layout import DataSet, disk_errors, write_atomic
from manifests.schema import Manifest

from .pairs import attempts
from .parts import sha256


def gather(manifest: Manifest, folder: Path, data_set: DataSet) -> dict[str, Path]:
    """Find what a manifest names, before anything is written.

    Args:
        manifest: whose assets.
        folder: of the manifest.
        data_set: that is to have them.

    Returns:
        Path below the data set's assets, and the file to copy there; empty where it has them already.

    Raises:
        ManifestError: a field names what is not there.
        DataSetError: the data set was begun with other files, or its own are damaged.
    """
    try:
        files = {path for field in assets.named(manifest) for path in assets.find(manifest, field, folder)}
    except ManifestError:
        # A data set can be moved away from its manifest; where the files are in reach, they must be the same.
        if not data_set.assets_file.exists():
            raise
        check(manifest, data_set)
        return {}
    sources = {path.relative_to(folder).as_posix(): path for path in sorted(files)}
    if not data_set.assets_file.exists():
        return sources
    recorded = check(manifest, data_set)
    for name in sorted(recorded.keys() | sources.keys()):
        if name not in sources or sha256(sources[name]) != recorded.get(name):
            raise DataSetError(f"{folder / name}: has changed since {data_set.place} was begun; choose another --out")
    return {}


def save(sources: dict[str, Path], data_set: DataSet) -> None:
    """Copy what :func:`gather` found into the data set, whole or not at all.

    Raises:
        FolderRefused: the disk is full or refuses.
    """
    if not sources:
        return
    with attempts.attempt(data_set) as scratch, disk_errors(data_set.assets_folder):
        hashes = {}
        for name, source in sources.items():
            copy = scratch.folder / "assets" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            hashes[name] = sha256(copy)
        # Without their list, files that lie there come from a run that was cut off.
        shutil.rmtree(data_set.assets_folder, ignore_errors=True)
        (scratch.folder / "assets").rename(data_set.assets_folder)
        write_atomic(data_set.assets_file, json.dumps(hashes, indent=1, ensure_ascii=False).encode())


def check(manifest: Manifest, data_set: DataSet) -> dict[str, str]:
    """SHA-256 (hex) of the assets of a data set by their paths; all are read.

    Raises:
        DataSetError: one is absent or has changed since it was copied.
    """
    if not assets.named(manifest):
        return {}
    advice = "render the manifest anew into another folder"
    try:
        recorded: dict[str, str] = json.loads(data_set.assets_file.read_bytes())
        names = sorted(recorded.items())
    except (OSError, ValueError, AttributeError):
        raise DataSetError(f"{data_set.assets_file}: is absent or damaged; {advice}") from None
    for name, expected in names:
        path = data_set.assets_folder / name
        if not path.is_file() or sha256(path) != expected:
            raise DataSetError(f"{path}: is absent or has changed since it was copied here; {advice}")
    return recorded
