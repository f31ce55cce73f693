"""Scan: what names, sizes and records tell of the pairs of a data set; no picture is read, so it takes seconds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from manifests.errors import DataSetError, FolderRefused
from manifests.layout import RECORD, DataSet, pair_files
from manifests.schema import Manifest

from ..refusals import read_errors


def scan(data_set: DataSet, manifest: Manifest, frames: list[int]) -> Iterator[tuple[int, str | None]]:
    """Look at committed pairs.

    Yields:
        Each frame in order and what is wrong with its pair, None where nothing is that can be seen this way.

    Raises:
        FolderRefused: one cannot be read now.
    """
    width, height = manifest.camera.image_px
    expected = {"width": width, "height": height, "labels": manifest.labels, "manifest_sha256": manifest.sha256()}
    files = dict(pair_files(manifest))
    for frame in frames:
        try:
            with data_set.opened(frame) as folder:
                problem = _problem(folder, {"frame": frame, **expected}, files)
        except FolderRefused:
            raise
        except DataSetError as error:
            yield frame, str(error)
            continue
        yield frame, None if problem is None else f"frame {frame}: {problem}"


def _problem(folder: Path, expected: dict[str, Any], files: dict[str, str]) -> str | None:
    try:
        with read_errors(folder):
            with open(f"{folder}/{RECORD}", "rb") as stream:
                record = json.loads(stream.read())
            sizes = {name: os.stat(f"{folder}/{name}").st_size for name in files.values()}
        for key, value in expected.items():
            if record[key] != value:
                return f"{RECORD} has {key} {record[key]!r}, not {value!r}"
        for key, name in files.items():
            if not sizes[name]:
                return f"{name} is empty"
            if key not in record["sha256"]:
                return f"{RECORD} lacks the SHA-256 of {name}"
    except OSError as error:
        return f"{Path(error.filename or RECORD).name} cannot be read: {error.strerror}"
    except (ValueError, KeyError, TypeError):
        return f"{RECORD} is damaged"
    return None
