"""Assets: the files beside the part that a manifest names, such as an environment image or a folder of backgrounds.

A field of the schema becomes an asset by ``field(..., asset=Asset((".hdr",)))``. Its value is a path below the folder
of the manifest. When a run begins, the files are copied to the same paths below ``DIR/assets`` of the data set, with
their hashes in ``DIR/assets.json``: whoever renders or develops a frame needs the data set alone. :func:`find` gives
the files: below the manifest's own folder while a scene is authored, below ``DIR/assets`` on a farm, which a shard
names as ``assets``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import ManifestError
from .fields import info, join, locate
from .schema import Manifest


def named(manifest: Manifest) -> tuple[str, ...]:
    """Paths of the fields of a manifest that name assets, such as ``lights[1].image``, in the order of the schema."""
    return tuple(_named(manifest, ""))


def find(manifest: Manifest, field: str, folder: Path) -> tuple[Path, ...]:
    """Files that a field names.

    Args:
        manifest: whose.
        field: path of a field that names an asset.
        folder: below which the manifest's assets lie.

    Returns:
        One file; for a field that names a folder, its files with the right suffixes, by name, at least one.

    Raises:
        ManifestError: naming the field: there is no such file, or a link leads to another folder.
    """
    owner, name, _ = locate(manifest, field)
    about, value = info(type(owner), name).asset, getattr(owner, name)
    assert about is not None
    place, suffixes = folder / value, ", ".join(about.suffixes)
    if about.folder:
        if not place.is_dir():
            raise ManifestError(field, f"{place}: there is no such folder")
        found = sorted(path for path in place.iterdir() if path.suffix.lower() in about.suffixes)
        if not found:
            raise ManifestError(field, f"{place}: holds no file of {suffixes}")
    else:
        if place.suffix.lower() not in about.suffixes:
            raise ManifestError(field, f"must name a file of {suffixes}, got '{value}'")
        if not place.is_file():
            raise ManifestError(field, f"{place}: there is no such file")
        found = [place]
    for path in found:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ManifestError(field, f"{path}: a link leads out of {folder}; copy the file to there")
    return tuple(found)


def _named(value: Any, path: str) -> Iterator[str]:
    for f in dataclasses.fields(value):
        where, held = join(path, f.name), getattr(value, f.name)
        if held is not None and info(type(value), f.name).asset is not None:
            yield where
        elif isinstance(held, tuple):
            for i, item in enumerate(held):
                if dataclasses.is_dataclass(item):
                    yield from _named(item, f"{where}[{i}]")
        elif dataclasses.is_dataclass(held):
            yield from _named(held, where)
