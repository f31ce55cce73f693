"""The commands that put things side by side: evaluated runs, and the features of two sets of images."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from manifests.errors import DataSetError, RunError
from manifests.layout import DataSet, write_atomic

from . import devices, report
from .data.classes import Classes
from .data.drawing import Pictures
from .data.samples import IMAGE_SUFFIXES, Sample
from .patchcore.model import PatchCore
from .prediction import find_part
from .runs import Run
from .scores import domain
from .scores.bins import Floats

_SCORES = ("precision", "recall", "f1", "f2", "iou", "auroc", "auprc", "aupro")


def compare(folders: Sequence[Path], out: Path) -> None:
    """Write ``OUT/report.html``, ``OUT/metrics.json`` and ``OUT/runs.csv`` on runs that were evaluated.

    Args:
        folders: of the runs, or of their evaluations.

    Raises:
        RunError: a run was not evaluated.
    """
    # Runs of one config have one name, but each a folder of its own.
    records = [_record(folder) | {"run": folder.resolve().name} for folder in folders]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["run", *_SCORES, "defect_wise_recall", "training_seconds"])
    for record in records:
        mean = record["defect_wise"]["mean"]
        scores = [record["pixels"][name] for name in _SCORES]
        writer.writerow([record["run"], *scores, mean and mean[0], record["training_seconds"]])
    write_atomic(out / "metrics.json", (json.dumps(records, indent=1) + "\n").encode())
    write_atomic(out / "runs.csv", table.getvalue().encode())
    write_atomic(out / "report.html", report.comparison(records).encode())


def domain_shift(first: Path, second: Path, run: Path, out: Path, device: str) -> domain.Shift:
    """How far the images of one folder lie from those of another, fitted on the first (S0, section 5.2).

    Writes ``OUT/report.html`` and ``OUT/metrics.json``.

    Args:
        first, second: data sets or folders of pictures.
        run: of a PatchCore, whose features are averaged over the part, or of an autoencoder with a latent code.

    Raises:
        DataSetError: a folder has no pictures, or too few.
        RunError: there is no such run or device, or its model has no features of a whole image.
    """
    where = devices.choose(device)
    sets = {f"{k}. {folder.name}": _features(folder, Run(run), where) for k, folder in enumerate((first, second), 1)}
    reference, other = sets.values()
    try:
        projection = domain.fit(reference)
    except ValueError as error:
        raise DataSetError(f"{first}: {error}") from None
    if len(other) < 2:
        raise DataSetError(f"{second}: needs two images at least")
    shift = domain.shift(projection, other)
    record = {"from": str(first), "to": str(second), "run": str(run), **dataclasses.asdict(shift)}
    write_atomic(out / "metrics.json", (json.dumps(record, indent=1) + "\n").encode())
    page = report.domain_shift((first.name, second.name), shift, projection, sets)
    write_atomic(out / "report.html", page.encode())
    return shift


def _record(folder: Path) -> dict[str, Any]:
    for file in (folder / "evaluated" / "metrics.json", folder / "metrics.json"):
        if file.exists():
            try:
                record: dict[str, Any] = json.loads(file.read_bytes())
            except ValueError:
                raise RunError(f"{file}: is damaged; 'defectory-sidecar evaluate {folder}' writes it anew") from None
            return record
    raise RunError(f"{folder}: was not evaluated; 'defectory-sidecar evaluate {folder}' does")


@torch.no_grad()
def _features(folder: Path, run: Run, device: torch.device) -> Floats:
    """(images, features) of a folder's pictures."""
    config = run.config()
    network = run.network(device)
    unet = find_part(config.data.preprocessing, device)
    pictures = Pictures(config.data, Classes({}, frozenset()), unet, masks=False, room=0)
    found = []
    for image in _images(folder):
        prepared = pictures.prepared(Sample("images", image.name, image, image.name, good=True))
        found.append(_describe(network, pictures.input(prepared).to(device), config.model.size_px, run))
    return np.array(found, np.float64)


def _describe(network: nn.Module, picture: torch.Tensor, size_px: int, run: Run) -> Floats:
    if isinstance(network, PatchCore):
        features = network.patches(picture).flatten(1).mean(dim=1)
    elif callable(encode := getattr(network, "encode", None)):
        middle = [(side - size_px) // 2 for side in picture.shape[1:]]
        if min(middle) < 0:
            raise DataSetError(f"{run.folder}: its model looks at {size_px} px, more than the pictures have")
        top, left = middle
        features = encode(picture[None, :, top : top + size_px, left : left + size_px]).flatten()
    else:
        raise RunError(
            f"{run.folder}: '{run.config().model.KIND}' has no features of a whole image; choose another run"
        )
    described: Floats = features.cpu().numpy().astype(np.float64)
    return described


def _images(folder: Path) -> Iterator[Path]:
    data_set = DataSet(folder)
    frames = data_set.complete_frames()
    if frames:
        yield from (data_set.pair_folder(frame) / "image.png" for frame in frames)
        return
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise DataSetError(f"{folder}: there are no images in it")
    yield from found
