"""Frames of a data set as exports read them: checked against their records, masks decoded."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from manifests.digests import file_sha256
from manifests.errors import DataSetError
from manifests.layout import IMAGE, INSTANCES, MASK, RECORD, TWIN, DataSet
from manifests.sampling import locate_frame
from manifests.schema import Manifest

from ..develop.outlines import Mask
from ..develop.regions import Region, regions_of


@dataclass(frozen=True)
class Frame:
    """A pair.

    Attributes:
        number, instance, view, light, repeat: of the frame.
        image: its camera image.
        twin: the image of its twin, where that lacks all of these defects.
        classes: (height, width) uint8, values of the manifest's labels.
        defects: of the record, those that the masks show.
        regions: of each of them, by id.
        impurities: label and mask of each class of impurities that the masks show.
    """

    number: int
    instance: int
    view: int
    light: int
    repeat: int
    image: Path
    twin: Path | None
    classes: NDArray[np.uint8]
    defects: list[dict[str, Any]]
    regions: dict[int, Region]
    impurities: dict[str, Mask]

    @property
    def name(self) -> str:
        """Name of its files, without suffix: names sort as frames do."""
        return f"{self.number:07d}"

    @property
    def defective(self) -> Mask:
        """(height, width) where defects are; impurities are none."""
        mask = np.zeros_like(self.classes, dtype=np.bool_)
        for region in self.regions.values():
            mask[region.rows, region.columns] = True
        return mask


def read_frame(data_set: DataSet, manifest: Manifest, number: int) -> Frame:
    """Read a pair and check it: files against the hashes of the record, masks against its defects.

    Raises:
        DataSetError: the pair is damaged.
    """
    folder = data_set.pair_folder(number)
    try:
        record = json.loads((folder / RECORD).read_bytes())
        hashes = record["sha256"]
        read = {"image": IMAGE, "mask": MASK, "instance_mask": INSTANCES}
        if manifest.twin is not None:
            read["twin"] = TWIN
        for key, name in read.items():
            if file_sha256(folder / name) != hashes[key]:
                raise ValueError(f"{name} has changed since it was rendered")
        classes = _pixels(folder / MASK, manifest).astype(np.uint8)
        regions = regions_of(_pixels(folder / INSTANCES, manifest).astype(np.uint16))
        defects = _shown(record["defects"], classes, regions, manifest)
    except OSError as error:
        raise _damage(data_set, number, str(error.strerror or error)) from None
    except (KeyError, TypeError, AttributeError):
        raise _damage(data_set, number, f"{RECORD} lacks something or holds an impossible value") from None
    except ValueError as error:
        problem = f"{RECORD} is no JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)
        raise _damage(data_set, number, problem) from None
    values = {impurity.label: manifest.labels[impurity.label] for impurity in manifest.impurities}
    impurities = {label: classes == value for label, value in values.items() if (classes == value).any()}
    where = locate_frame(manifest, number)
    lacks = manifest.twin is not None and all(manifest.twin.lacks("defects", defect["label"]) for defect in defects)
    return Frame(
        number,
        where.instance,
        where.view,
        where.light,
        where.repeat,
        folder / IMAGE,
        folder / TWIN if lacks else None,
        classes,
        defects,
        regions,
        impurities,
    )


def _pixels(path: Path, manifest: Manifest) -> NDArray[Any]:
    try:
        with Image.open(io.BytesIO(path.read_bytes()), formats=["PNG"]) as picture:
            pixels = np.asarray(picture)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path.name} cannot be decoded: {error}") from None
    width, height = manifest.camera.image_px
    if pixels.shape != (height, width):
        raise ValueError(f"{path.name} is no grey picture of {width} x {height} pixels")
    return pixels


def _shown(
    records: list[dict[str, Any]], classes: NDArray[np.uint8], regions: dict[int, Region], manifest: Manifest
) -> list[dict[str, Any]]:
    """Those defects that the masks show."""
    marked = [record for record in records if not record.get("insignificant")]
    values = {int(record["id"]): manifest.labels[record["label"]] for record in marked}
    if strangers := set(regions) - set(values):
        raise ValueError(f"{INSTANCES} holds {min(strangers)}, which is the id of no defect")
    if classes.max() > max(manifest.labels.values()):
        raise ValueError(f"{MASK} holds {classes.max()}, which is the value of no label")
    for number, region in regions.items():
        if (classes[region.rows, region.columns] != values[number]).any():
            raise ValueError(f"{MASK} gives defect {number} another class than {RECORD} does")
    return [{**record, "id": int(record["id"])} for record in records if int(record["id"]) in regions]


def _damage(data_set: DataSet, number: int, problem: str) -> DataSetError:
    again = f"'defectory verify {data_set.root} --repair', then 'defectory resume {data_set.root}'"
    return DataSetError(f"{data_set.root}: frame {number} is damaged: {problem}; {again}")
