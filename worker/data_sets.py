"""Data sets by their places: a folder, or an address in an object store."""

from __future__ import annotations

from manifests.errors import DataSetError
from manifests.files import read_manifest
from manifests.layout import DataSet
from manifests.schema import Manifest

from .storage.stored_sets import StoredSet
from .storage.urls import Place, StoreUrl


def named(place: Place, *, patient: bool = True) -> DataSet:
    """The data set at a place, which need not be there: good for asking after pairs, not for rendering them.

    Args:
        place: where.
        patient: whether to wait for a store that is away.
    """
    return StoredSet(place, patient=patient) if isinstance(place, StoreUrl) else DataSet(place)


def located(place: Place, *, patient: bool = False) -> DataSet:
    """The data set at a place, begun or not, with all that its shards need on this machine.

    Args:
        place: where.
        patient: whether the first look waits for a store that is away. A person is told at once; every later look
            waits, since by then there is work that it would be a pity to drop.

    Raises:
        DataSetError: the store refuses or is damaged.
    """
    if not isinstance(place, StoreUrl):
        return DataSet(place)
    stored = StoredSet(place, patient=patient)
    return stored.synced() or stored


def open_data_set(place: Place) -> tuple[DataSet, Manifest]:
    """A data set that was begun, and its manifest; the door through which every command but ``render`` comes to one.

    Raises:
        DataSetError: there is none.
        ManifestError: its manifest has been damaged.
    """
    data_set = located(place)
    if not data_set.manifest_file.is_file():
        raise DataSetError(f"{place}: holds no data set (no manifest.yaml); name the folder that 'render --out' named")
    return data_set, read_manifest(data_set.manifest_file)
