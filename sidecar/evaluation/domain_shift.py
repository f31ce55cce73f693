"""The command ``domain-shift``: the features of sets of images side by side."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from manifests.errors import DataSetError, RunError
from manifests.layout import DataSet, write_atomic

from .. import devices
from ..data.classes import Classes
from ..data.drawing import Draws, Pictures
from ..data.samples import IMAGE_SUFFIXES, Sample
from ..patchcore.model import PatchCore
from ..prediction.predictor import find_part
from ..runs import Run
from ..scores import domain
from ..scores.bins import Floats
from . import report


def domain_shift(folders: Sequence[Path], run: Path, out: Path, device: str) -> dict[str, domain.Shift]:
    """How far the images of folders lie from those of the first, on which all is fitted (S0, section 5.2, figure 18).

    Writes ``OUT/report.html`` and ``OUT/metrics.json``.

    Args:
        folders: data sets or folders of pictures, two at least.
        run: of a PatchCore, whose features are averaged over the image, or of an autoencoder with a latent code, which
            sees a random square of each image, as in training.

    Returns:
        Folder, from the second on, to its shift.

    Raises:
        DataSetError: a folder has no pictures, or too few.
        RunError: there is no such run or device, its model has no such features, or there is nothing to compare.
    """
    reference, *others = folders
    if not others:
        raise RunError(f"nothing to compare {reference} with; name two folders at least")
    where = devices.choose(device)
    sets = [_features(folder, Run(run), where) for folder in folders]
    try:
        projection = domain.fit(sets[0])
    except ValueError as error:
        raise DataSetError(f"{reference}: {error}") from None
    for folder, features in zip(others, sets[1:]):
        if len(features) < 2:
            raise DataSetError(f"{folder}: needs two images at least")
    shifts = {str(folder): domain.shift(projection, features) for folder, features in zip(others, sets[1:])}
    plain = {folder: dataclasses.asdict(shift) for folder, shift in shifts.items()}
    record = {"from": str(reference), "run": str(run), "shifts": plain}
    write_atomic(out / "metrics.json", (json.dumps(record, indent=1) + "\n").encode())
    shown = {f"{k}. {folder.name}": features for k, (folder, features) in enumerate(zip(folders, sets), 1)}
    write_atomic(out / "report.html", report.domain_shift(shown, list(shifts.values()), projection).encode())
    return shifts


@torch.no_grad()
def _features(folder: Path, run: Run, device: torch.device) -> Floats:
    """(images, features) of a folder's pictures."""
    config = run.config()
    network = run.network(device)
    unet = find_part(config.data.preprocessing, device)
    pictures = Pictures(config.data, Classes({}, frozenset()), unet, masks=False, room=0)
    samples = [Sample("images", image.name, image, str(image), good=True) for image in _images(folder)]
    draws = Draws(pictures, samples, config.data, config.model.size_px, config.seed)
    if isinstance(network, PatchCore):
        inputs = (pictures.input(pictures.prepared(sample)) for sample in samples)
        found = [network.patches(picture.to(device)).flatten(1).mean(dim=1) for picture in inputs]
    elif callable(encode := getattr(network, "encode", None)):
        found = [code for squares, _ in draws.fixed(config.prediction.batch) for code in encode(squares.to(device))]
    else:
        raise RunError(f"{run.folder}: '{config.model.KIND}' has no features of a whole image; choose another run")
    features: Floats = torch.stack(found).cpu().numpy().astype(np.float64)
    return features


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
