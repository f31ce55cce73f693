"""Exports: a data set in the layouts that other tools read, hard-linked where the file system can.

Nothing is written into the data set, and an export that is interrupted leaves nothing at its place.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from manifests.errors import DataSetError
from manifests.layout import DataSet
from manifests.sampling import locate_frame
from manifests.schema import Manifest

from ..data_sets import open_data_set
from .coco import Coco
from .folder import Folder
from .frames import read_frame
from .layouts import Layout, Placed
from .mvtec import MVTec
from .per_image import PerImage
from .splits import Split, parse_split
from .target import Target, filling
from .yolo import Yolo

__all__ = ["LAYOUTS", "Exported", "Split", "export_data_set", "parse_split"]

LAYOUTS: dict[str, type[Layout]] = {layout.NAME: layout for layout in (MVTec, Folder, Coco, Yolo, PerImage)}
"""Name of each layout, and what makes it."""

_THREADS = min(8, os.cpu_count() or 1)  # decoding and hashing leave the interpreter's lock


@dataclass(frozen=True)
class Side:
    """What became of a side of the split.

    Attributes:
        name: empty where the data set was not split.
        instances: that fall on it.
        good, defective: frames that were exported, without and with a visible defect.
        twins: how many of the good ones are twins of defective frames, exported in their place.
        left_out: reason and number of frames that were not.
    """

    name: str
    instances: int
    good: int
    defective: int
    twins: int
    left_out: Counter[str]

    def text(self) -> str:
        """One line for a person, or more where frames were left out."""
        frames = f"{_number(self.good + self.defective, 'frame')} of {_number(self.instances, 'instance')}"
        lines = [f"{self.name or 'all'}: {frames}, {self.good} good, {self.defective} defective"]
        lines += [f"  {_number(self.twins, 'twin')} without defects for as many defective frames"] * (self.twins > 0)
        return "\n".join([*lines, *(f"  left out: {n} {reason}" for reason, n in self.left_out.items())])


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes:
        out: the folder.
        sides: of the split, one where there is none.
        linked, copied: images that share their bytes with the data set, and images that were copied.
        remarks: of the layout.
    """

    out: Path
    sides: tuple[Side, ...]
    linked: int
    copied: int
    remarks: tuple[str, ...]

    def text(self) -> str:
        """Lines for a person."""
        lines = [f"{self.out}: {self.linked} images linked, {self.copied} copied"]
        return "\n".join([*lines, *(side.text() for side in self.sides), *self.remarks])


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def export_data_set(folder: Path, layout: str, out: Path, split: Split | None = None) -> Exported:
    """Export a complete data set.

    Args:
        folder: of the data set.
        layout: a key of :data:`LAYOUTS`.
        out: folder to make; it must not exist.
        split: by instances; None: everything on one side.

    Raises:
        DataSetError: there is no data set, it is incomplete or damaged, it does not suit the layout or the split, or
            ``out`` exists or cannot be written.
        ManifestError: the manifest has been damaged.
    """
    data_set, manifest = open_data_set(folder)
    frames = _all_frames(data_set, manifest)
    divided = split.divide(manifest) if split else {"": list(range(manifest.instances))}
    maker = LAYOUTS[layout](manifest, list(divided))
    with filling(out, folder) as target:
        sides, remarks = _fill(data_set, manifest, frames, divided, maker, target)
        if split:
            content = {"seed": manifest.seed, "split": split.sides, "instances": divided}
            target.text(json.dumps(content) + "\n", "split.json")
    return Exported(out, sides, target.linked, target.copied, tuple(remarks))


def _all_frames(data_set: DataSet, manifest: Manifest) -> range:
    frames = range(manifest.frame_count)
    missing = len(set(frames) - set(data_set.complete_frames()))
    if missing:
        again = f"'defectory resume {data_set.root}' renders them"
        raise DataSetError(f"{data_set.root}: {missing} of {len(frames)} pairs are missing; {again}")
    return frames


def _fill(
    data_set: DataSet, manifest: Manifest, frames: range, divided: dict[str, list[int]], maker: Layout, target: Target
) -> tuple[tuple[Side, ...], list[str]]:
    side_of = {instance: side for side, instances in divided.items() for instance in instances}

    def place(number: int) -> tuple[bool, Placed]:
        frame = read_frame(data_set, manifest, number)
        return bool(frame.defects), maker.place(frame, side_of[frame.instance], target)

    placed: dict[str, list[Placed]] = {side: [] for side in divided}
    counts: dict[str, Counter[bool]] = {side: Counter() for side in divided}
    left_out: dict[str, Counter[str]] = {side: Counter() for side in divided}
    twins: Counter[str] = Counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, (defective, one) in zip(frames, pool.map(place, frames)):
            side = side_of[locate_frame(manifest, number).instance]
            if one.left_out:
                left_out[side][one.left_out] += 1
            else:
                counts[side][defective and not one.twin] += 1
                twins[side] += one.twin
                placed[side].append(one)
    remarks = maker.finish(placed, target)
    sides = (
        Side(side, len(instances), counts[side][False], counts[side][True], twins[side], left_out[side])
        for side, instances in divided.items()
    )
    return tuple(sides), remarks
