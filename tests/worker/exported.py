"""A made data set with what exports must cope with: holes, pieces, corners, two classes, dust, a good instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from manifests.layout import IMAGE, INSTANCES, MASK, DataSet
from manifests.schema import Manifest

from .made import made_data_set, made_manifest, seal

WIDTH, HEIGHT = 72, 64

# By instance: (id, label) of its defects; every other instance is good, the last defect of 2 shows in one view only.
DEFECTS: dict[int, list[tuple[int, str]]] = {0: [(1, "dent")], 2: [(1, "dent"), (2, "bump")], 4: [(3, "bump")]}


def export_manifest(**changes: Any) -> Manifest:
    """Six instances in two views; dents, bumps and dust."""
    own = {
        "camera": {"image_px": [WIDTH, HEIGHT]},
        "instances": 6,
        "seed": 2,  # splits into sides that all have defects, and all but val good instances
        "defects": [{"kind": "dent"}, {"kind": "dent", "label": "bump"}],
        "impurities": [{"kind": "dust"}],
    }
    return made_manifest(**own | changes)


def shape(number: int, view: int) -> NDArray[np.bool_]:
    """(HEIGHT, WIDTH) mask of a defect, by its id."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    radius = np.hypot(rows - 20, columns - 20 - 4 * view)
    if number == 1:
        return radius < 9
    if number == 2:  # a ring, and a piece of its own; seen from the first view only
        ring = (np.hypot(rows - 44, columns - 48) < 14) & (np.hypot(rows - 44, columns - 48) > 5)
        return (ring | ((rows >= 58) & (rows < 62) & (columns >= 20) & (columns < 30))) & (view == 0)
    return (rows // 8 + columns // 8) % 2 == 0 if view else (rows > 60) & (columns > 50)


def exported_data_set(root: Path, manifest: Manifest) -> DataSet:
    """Pairs of all frames. Every frame of an odd instance has dust, in two specks."""
    data_set = made_data_set(root, manifest, list(range(manifest.frame_count)))
    values = manifest.labels
    for frame in range(manifest.frame_count):
        instance, view = divmod(frame, manifest.frames_per_instance)
        classes = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        ids = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
        records = []
        if instance % 2:
            classes[2:5, 3:7] = classes[50, 60] = values["dust"]
        for number, label in DEFECTS.get(instance, ()):
            mask = shape(number, view)
            classes[mask], ids[mask] = values[label], number
            sizes = {"diameter_mm": 1.5, "position_mm": [1.0, 2.0, 3.0], "elongation": 1.0}
            records.append({"id": number, "kind": "dent", "label": label, **sizes, "pixels": int(mask.sum())})
        folder = data_set.pair_folder(frame)
        image = np.full((HEIGHT, WIDTH, 4), 255, dtype=np.uint8)
        image[..., 0], image[..., 1] = classes * 80, frame
        for name, pixels in ((IMAGE, image), (MASK, classes), (INSTANCES, ids)):
            Image.fromarray(pixels).save(folder / name)
        seal(folder, width=WIDTH, height=HEIGHT, labels=values, defects=records)
    return data_set
