"""Small data sets for the tests: written to disk, as a person or Defectory would leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tests.worker.made import SIDE, made_data_set, made_manifest, seal

Bytes = npt.NDArray[np.uint8]


def write(path: Path, picture: Bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


def surface(side: int = 48, seed: int = 0) -> Bytes:
    """Grey stripes with a little noise: something that a small autoencoder learns in a few steps."""
    noise = np.random.default_rng(seed).normal(0, 3, (side, side))
    return (128 + 60 * np.sin(np.arange(side) / 3)[None, :] + noise).clip(0, 255).astype(np.uint8)


def spoiled(picture: Bytes, row: int = 10, column: int = 12) -> tuple[Bytes, Bytes]:
    """The picture with a white square of 8 x 8, and its mask of 0 and 1."""
    picture, mask = picture.copy(), np.zeros_like(picture)
    picture[row : row + 8, column : column + 8] = 255
    mask[row : row + 8, column : column + 8] = 1
    return picture, mask


def mvtec(root: Path, good: int = 4, bad: int = 2) -> Path:
    """MVTec AD's layout, with one class of defects."""
    for k in range(good):
        write(root / "train" / "good" / f"{k:03d}.png", surface(seed=k))
    write(root / "test" / "good" / "000.png", surface(seed=99))
    for k in range(bad):
        picture, mask = spoiled(surface(seed=100 + k))
        write(root / "test" / "spot" / f"{k:03d}.png", picture)
        write(root / "ground_truth" / "spot" / f"{k:03d}_mask.png", mask * 255)
    return root


def folder(root: Path, count: int = 6, value: int = 255) -> Path:
    """Images and masks with the same names; every other one shows a defect. Two images to an object."""
    for k in range(count):
        picture, mask = spoiled(surface(seed=k)) if k % 2 else (surface(seed=k), np.zeros((48, 48), np.uint8))
        write(root / "images" / f"block{k // 2}_{k % 2}.png", picture)
        write(root / "masks" / f"block{k // 2}_{k % 2}.png", mask * value)
    return root


def labelme(root: Path) -> Path:
    """One picture with a polygon, a rectangle and a circle, and one that is good."""
    write(root / "a.png", surface())
    write(root / "b.png", surface(seed=1))
    shapes: list[dict[str, Any]] = [
        {"label": "dent", "shape_type": "polygon", "points": [[10, 10], [20, 10], [20, 16], [10, 16]]},
        {"label": "scratch", "shape_type": "rectangle", "points": [[30, 5], [34, 40]]},
        {"label": "dent", "shape_type": "circle", "points": [[10, 40], [14, 40]]},
    ]
    content = {"imageWidth": 48, "imageHeight": 48, "shapes": shapes}
    (root / "a.json").write_text(json.dumps(content))
    return root


def rendered(root: Path, instances: int = 6, good: int = 3, **output: Any) -> Path:
    """A data set as Defectory leaves it: two views of each instance, of which the first ``good`` show no dent.

    The second view is under another light.
    """
    manifest = made_manifest(
        instances=instances, impurities=[{"kind": "dust", "label": "dust"}], output={"flatten": False, **output}
    )
    data_set = made_data_set(root, manifest, list(range(manifest.frame_count)))
    for frame in range(manifest.frame_count):
        pair = data_set.pair_folder(frame)
        instance = frame // manifest.frames_per_instance
        image = np.full((SIDE, SIDE, 4), 100, np.uint8)
        image[..., 3] = 255
        image[:, : SIDE // 4, 3] = 0
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[0, 8] = manifest.labels["dust"]
        if instance >= good:
            mask[4:8, 8:12] = manifest.labels["dent"]
            image[4:8, 8:12, :3] = 250
        write(pair / "image.png", image)
        write(pair / "mask.png", mask)
        write(pair / "instances.png", (mask == manifest.labels["dent"]).astype(np.uint16))
        defect = {"id": 1, "kind": "dent", "label": "dent", "pixels": 16 if instance >= good else 0}
        place = pair.relative_to(root)
        files = {"image": "image.png", "mask": "mask.png", "instance_mask": "instances.png"}
        where = {"instance": instance, "view": frame % 2, "light_state": "ab"[frame % 2], "defects": [defect]}
        seal(pair, **where, **{key: (place / name).as_posix() for key, name in files.items()})
    return root
