"""The census: what the records of a data set say, read once and kept in columns."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manifests.distributions import Floats
from manifests.errors import DataSetError
from manifests.layout import RECORD, DataSet
from manifests.schema import Manifest

_NO_SIZES = {"id", "pixels", "bbox", "contrast"}


@dataclass
class Defect:
    """A defect of an instance, which several frames may show.

    Attributes:
        instance, id: of which instance, and its id there.
        label: class.
        sizes: field name, such as ``diameter_mm``, and value of every single number that the record gives.
        pixels: of the frame that shows most of it; 0 where none shows it.
        frame: that frame.
        bbox: [left, top, width, height] in it, pixels.
    """

    instance: int
    id: int
    label: str
    sizes: dict[str, float]
    pixels: int = 0
    frame: int = -1
    bbox: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass
class Census:
    """Columns over frames (in the order of ``frames``), defects by (instance, id), and counts.

    Attributes:
        frames: frame numbers, ascending.
        instances: instance of each frame.
        seconds: that Blender took for each frame.
        parameters: identifier and value for each frame.
        defects: by (instance, id).
        sightings: label, and pixels of each defect that each frame shows.
        places: label, and x, y of the centre of each sighting, as shares of width and height, one after the other.
        visible: number of defects that each frame shows.
        images: label, and number of frames that show at least one defect of it.
        blenders, devices, parts, manifests, warnings: text and number of frames that have it.
    """

    frames: list[int] = field(default_factory=list)
    instances: array[int] = field(default_factory=lambda: array("q"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    parameters: dict[str, array[float]] = field(default_factory=dict)
    defects: dict[tuple[int, int], Defect] = field(default_factory=dict)
    sightings: dict[str, array[int]] = field(default_factory=dict)
    places: dict[str, array[float]] = field(default_factory=dict)
    visible: dict[int, int] = field(default_factory=dict)
    images: Counter[str] = field(default_factory=Counter)
    blenders: Counter[str] = field(default_factory=Counter)
    devices: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    manifests: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    def defects_per_instance(self) -> Floats:
        """(instances,) number of defects of each instance that has a frame."""
        counts = dict.fromkeys(self.instances, 0)
        for instance, _ in self.defects:
            counts[instance] += 1
        return np.array(list(counts.values()), dtype=np.float64)

    def by_label(self, label: str) -> list[Defect]:
        """Defects of a class."""
        return [defect for defect in self.defects.values() if defect.label == label]

    def firsts(self) -> list[int]:
        """Index of the first frame of each instance."""
        seen: dict[int, int] = {}
        for k, instance in enumerate(self.instances):
            seen.setdefault(instance, k)
        return list(seen.values())

    def _add(self, record: dict[str, Any], manifest: Manifest) -> None:
        frame, instance = int(record["frame"]), int(record["instance"])
        self.frames.append(frame)
        self.instances.append(instance)
        self.seconds.append(_finite(record["seconds"]))
        for parameter in manifest.parameters:
            value = _finite(record["parameters"][parameter.id])
            self.parameters.setdefault(parameter.id, array("d")).append(value)
        if manifest.pattern is None:
            self.blenders[str(record["blender"])] += 1
            self.parts[str(record["part_sha256"])] += 1
        self.devices[str(record["device"])] += 1
        self.manifests[str(record["manifest_sha256"])] += 1
        self.warnings.update({str(warning) for warning in record.get("warnings", ())})
        shown = [self._add_defect(frame, instance, defect, manifest) for defect in _significant(record)]
        self.visible[frame] = sum(map(bool, shown))
        self.images.update(set(shown) - {""})

    def _add_defect(self, frame: int, instance: int, record: dict[str, Any], manifest: Manifest) -> str:
        """Count one entry of a record's defects; its label where the frame shows it, else nothing."""
        key = instance, int(record["id"])
        pixels, label = int(record["pixels"]), str(record["label"])
        if pixels < 0 or label not in manifest.labels:
            raise ValueError
        if key not in self.defects:
            self.defects[key] = Defect(*key, label, _sizes(record))
        if not pixels:
            return ""
        left, top, width, height = (int(side) for side in record["bbox"])
        size = manifest.camera.image_px
        if min(left, top) < 0 or min(width, height) < 1 or left + width > size[0] or top + height > size[1]:
            raise ValueError
        self.sightings.setdefault(label, array("q")).append(pixels)
        self.places.setdefault(label, array("d")).extend([(left + width / 2) / size[0], (top + height / 2) / size[1]])
        defect = self.defects[key]
        if pixels > defect.pixels:
            defect.pixels, defect.frame, defect.bbox = pixels, frame, (left, top, width, height)
        return label


def take_census(data_set: DataSet, manifest: Manifest, frames: list[int]) -> Census:
    """Read the records of frames.

    Args:
        data_set, manifest: whose.
        frames: that have pairs.

    Raises:
        DataSetError: a record cannot be read, lacks something, or says what cannot be.
    """
    census = Census()
    for frame in frames:
        path = data_set.pair_folder(frame) / RECORD
        try:
            census._add(data_set.record(frame), manifest)
        except OSError as error:
            raise DataSetError(f"{path}: cannot be read: {error.strerror}") from None
        except KeyError as error:
            raise DataSetError(f"{path}: lacks {error}; {_advice(data_set)}") from None
        except (TypeError, ValueError, AttributeError):
            raise DataSetError(f"{path}: holds an impossible value; {_advice(data_set)}") from None
    return census


def _advice(data_set: DataSet) -> str:
    return f"'defectory verify {data_set.root} --repair', then 'defectory resume {data_set.root}'"


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _significant(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The defects of a record that masks may show; the others look like defects and are none (S2)."""
    return [defect for defect in record["defects"] if not defect.get("insignificant")]


def _sizes(record: dict[str, Any]) -> dict[str, float]:
    return {
        name: _finite(value)
        for name, value in record.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in _NO_SIZES
    }
