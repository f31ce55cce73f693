"""The command ``predict``: anomaly maps, masks, and a table of what was found where."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from manifests.errors import DataSetError, RunError
from manifests.layout import write_atomic

from .. import devices
from ..data.classes import Classes
from ..data.drawing import Pictures
from ..data.preprocessing import Values, connected_parts
from ..data.samples import IMAGE_SUFFIXES, Bytes, Sample
from ..runs import Run
from ..scores.thresholds import Thresholds
from .predictor import Predictor, find_part


@dataclass(frozen=True)
class Found:
    """What came of one picture.

    Attributes:
        name: path below the folder, without its suffix.
        highest, mean: of the anomaly map.
        threshold: from which on a pixel is a defect.
        pixels, regions: size of the mask and number of its connected pieces, at the picture's own resolution.
    """

    name: str
    highest: float
    mean: float
    threshold: float
    pixels: int
    regions: int


def predict(folder: Path, images: Path, out: Path, threshold: float | None, device: str) -> list[Found]:
    """Apply a run to a folder of pictures, or to one.

    Writes, for each, ``OUT/maps/NAME.tif`` (float, the anomaly map) and ``OUT/masks/NAME.png`` (0 or 255), both at the
    picture's own size, and ``OUT/found.csv``.

    Raises:
        DataSetError: there are no pictures, or one cannot be read.
        RunError: there is no such run or device, it has no weights yet, or no threshold is given and it
            is not done, or has none.
    """
    run = Run(folder)
    config, where = run.config(), devices.choose(device)
    limits = _chosen(run) if threshold is None else Thresholds(threshold)
    predictor = Predictor(config, run.network(where), where)
    pictures = Pictures(config.data, Classes({}, frozenset()), find_part(config.data.preprocessing, where), masks=False)
    found = []
    for name, path in _images(images):
        prepared = pictures.prepared(Sample("images", name, path, name, good=True))
        scores = predictor.inspect(pictures, prepared).scores
        whole = prepared.restore(scores)
        mask = ((whole >= limits.overall) * 255).astype(np.uint8)
        _write(out / "maps" / f"{name}.tif", whole)
        _write(out / "masks" / f"{name}.png", mask)
        pixels, regions = int((mask > 0).sum()), len(connected_parts(mask))
        found.append(Found(name, float(whole.max()), float(whole.mean()), limits.overall, pixels, regions))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(Found.__dataclass_fields__)
    writer.writerows(vars(one).values() for one in found)
    write_atomic(out / "found.csv", table.getvalue().encode())
    return found


def _chosen(run: Run) -> Thresholds:
    record = run.finished()["thresholds"]
    if record is None:
        raise RunError(f"{run.folder}: has no threshold, for want of validation samples; give one with --threshold")
    return Thresholds(**record)


def _images(path: Path) -> list[tuple[str, Path]]:
    if path.is_file():
        return [(path.stem, path)]
    if not path.is_dir():
        raise DataSetError(f"{path}: there is no such file or folder")
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise DataSetError(f"{path}: there are no images in it")
    names = [file.relative_to(path).with_suffix("").as_posix() for file in found]
    for name in names:
        if names.count(name) > 1:
            raise DataSetError(f"{path}: '{name}' is there twice, with different suffixes")
    return list(zip(names, found))


def _write(path: Path, picture: Values | Bytes) -> None:
    done, content = cv2.imencode(path.suffix, picture)
    assert done
    write_atomic(path, content.tobytes())
