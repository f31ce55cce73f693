"""Made pairs: a small data set whose pictures no Blender rendered, for what only reads them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from manifests.files import write_yaml
from manifests.layout import IMAGE, INSTANCES, MASK, PASSES, RECORD, TWIN, VISIBLE, DataSet, pair_files, write_atomic
from manifests.schema import Manifest, from_dict
from worker.develop.passes import CHANNELS, COVERAGE, write_passes
from worker.pairs import png_format

SIDE = 16


def made_manifest(**changes: Any) -> Manifest:
    """16 x 16 pixels, two views, one kind of defect."""
    data = {
        "name": "made",
        "part": {"file": "block.stl"},
        "camera": {"image_px": [SIDE, SIDE]},
        "views": {"kind": "ring", "count": 2},
        "instances": 3,
        "defects": [{"kind": "dent"}],
    }
    return from_dict(data | changes)


def made_data_set(root: Path, manifest: Manifest, frames: list[int]) -> DataSet:
    """A data set that holds good pairs of the given frames."""
    data_set = DataSet(root)
    write_atomic(data_set.manifest_file, write_yaml(manifest).encode())
    for frame in frames:
        folder = data_set.open_attempt() / "staged"
        folder.mkdir()
        fill(folder, manifest, frame)
        assert data_set.commit(folder, frame)
    return data_set


def fill(folder: Path, manifest: Manifest, frame: int) -> None:
    """Write a good pair of a frame: a gradient with one dent of class 1, id 1."""
    bits, color = png_format(manifest.output)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    image = np.full((SIDE, SIDE, channels), 255, dtype=np.uint8)
    image[..., 0] = np.arange(SIDE) * 10 + frame
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[4:8, 4:8] = 1
    assert bits == 8
    Image.fromarray(image[..., 0] if channels == 1 else image).save(folder / IMAGE)
    Image.fromarray(mask).save(folder / MASK)
    Image.fromarray(mask.astype(np.uint16)).save(folder / INSTANCES)
    if manifest.twin is not None:
        Image.fromarray(image[..., 0] if channels == 1 else image).save(folder / TWIN)
    if manifest.measures_visibility:
        Image.fromarray(np.where(np.arange(SIDE) < 6, mask, 0).astype(np.uint8)).save(folder / VISIBLE)
    if manifest.output.passes:
        names = (COVERAGE, *manifest.output.passes)
        shapes = {name: (SIDE, SIDE, 3) if len(CHANNELS.get(name, "A")) == 3 else (SIDE, SIDE) for name in names}
        write_passes(folder / PASSES, {name: np.ones(shape, dtype=np.float32) for name, shape in shapes.items()})
    record = {
        "files": pair_files(manifest),
        "frame": frame,
        "width": SIDE,
        "height": SIDE,
        "labels": manifest.labels,
        "defects": [{"id": 1, "kind": "dent"}],
        "manifest_sha256": manifest.sha256(),
    }
    (folder / RECORD).write_text(json.dumps(record))
    seal(folder)


def seal(folder: Path, **changes: Any) -> None:
    """Write the record anew with the hashes of the files as they are now and with changes."""
    record = json.loads((folder / RECORD).read_text())
    hashes = {key: hashlib.sha256((folder / name).read_bytes()).hexdigest() for key, name in record["files"].items()}
    (folder / RECORD).write_text(json.dumps(record | {"sha256": hashes} | changes))
