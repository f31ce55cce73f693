"""The command ``domain-shift``: the features of sets of images side by side."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from manifests.errors import DataSetError, RunError
from manifests.layout import DataSet, write_atomic

from .. import devices
from ..data.classes import Classes
from ..data.drawing import Pictures
from ..data.samples import IMAGE_SUFFIXES, Sample
from ..patchcore.model import PatchCore
from ..prediction.predictor import find_part
from ..runs import Run
from ..scores import domain
from ..scores.bins import Floats
from . import report


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
