"""Data sets that exist: the door through which every command but ``render`` comes to one."""

from __future__ import annotations

from pathlib import Path

from manifests.errors import DataSetError
from manifests.files import read_manifest
from manifests.layout import DataSet
from manifests.schema import Manifest


def open_data_set(folder: Path) -> tuple[DataSet, Manifest]:
    """A data set and its manifest.

    Raises:
        DataSetError: the folder holds none.
        ManifestError: its manifest has been damaged.
    """
    data_set = DataSet(folder)
    if not data_set.manifest_file.is_file():
        raise DataSetError(f"{folder}: holds no data set (no manifest.yaml); name the folder that 'render --out' named")
    return data_set, read_manifest(data_set.manifest_file)
