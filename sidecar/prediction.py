"""A trained network on whole pictures: anomaly maps, masks, and what was found where."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from manifests.errors import DataSetError, RunError
from manifests.layout import write_atomic

from . import devices
from .config import Config, Dissimilarity
from .data.classes import Classes
from .data.drawing import Pictures
from .data.samples import IMAGE_SUFFIXES, Bytes, Sample
from .preprocess import FindPart, FromUNet, Prepared, Preprocessing, Values, connected_parts, part_from_probability
from .runs import Run
from .scores.tally import Tally
from .scores.thresholds import Thresholds, from_good, from_validation
from .similarity import dissimilarity_map


class Predictor:
    """A network as its config says it looks at a picture.

    Args:
        config: of the run.
        network: trained, on the device, in evaluation mode.
        device: which.
    """

    def __init__(self, config: Config, network: nn.Module, device: torch.device) -> None:
        self._config, self._network, self._device = config, network, device

    @torch.no_grad()
    def output(self, image: Tensor) -> Tensor:
        """(C, H, W) in 0..1 to the reconstruction (C, H, W), the probability of a defect or the distance (1, H, W)."""
        if self._config.model.TASK == "distance":
            distance: Tensor = self._network(image.to(self._device)[None])
            return distance[0]
        prediction = self._config.prediction
        apply = self._reconstruct if self._config.model.TASK == "reconstruction" else self._probability
        return prediction.windows.apply(image.to(self._device), self._config.model.size_px, apply, prediction.batch)

    def scores(self, image: Tensor) -> Values:
        """(C, H, W) in 0..1 to the anomaly map (H, W), >= 0: the more, the less it is as it should be."""
        output = self.output(image).cpu().numpy()
        if self._config.model.TASK != "reconstruction":
            probability: Values = output[0].astype(np.float32)
            return probability
        error_map = self._config.prediction.error_map
        if isinstance(error_map, Dissimilarity):
            return dissimilarity_map(image.numpy().transpose(1, 2, 0), output.transpose(1, 2, 0), error_map.sigma)
        squared: Values = ((image.numpy() - output) ** 2).mean(axis=0).astype(np.float32)
        return squared

    def inspect(self, pictures: Pictures, prepared: Prepared) -> Values:
        """Anomaly map (h, w) of a prepared picture; 0 beside the part, which is not inspected."""
        found: Values = self.scores(pictures.input(prepared)) * (prepared.part > 0)
        return found

    def _reconstruct(self, windows: Tensor) -> Tensor:
        reconstruction: Tensor = self._network(windows)
        return reconstruction

    def _probability(self, windows: Tensor) -> Tensor:
        return torch.sigmoid(self._network(windows))


def choose_thresholds(
    config: Config, predictor: Predictor, pictures: Pictures, samples: Sequence[Sample]
) -> Thresholds | None:
    """From which score on a pixel is a defect: as the config says, or as the validation samples show.

    Returns:
        The highest F1 of the pixels where validation shows defects, else the median of the highest scores of its good
        pictures; None without samples.
    """
    if config.prediction.threshold is not None:
        return Thresholds(config.prediction.threshold)
    tally = Tally(pictures.classes.numbers, pictures.classes.acceptable)
    maxima: dict[str, list[float]] = {}
    for sample in samples:
        prepared = pictures.prepared(sample)
        scores = predictor.inspect(pictures, prepared)
        tally.add(scores, prepared.mask, view=sample.view)
        maxima.setdefault(sample.view, []).append(float(scores.max()))
    return (from_validation(tally) or from_good(maxima)) if samples else None


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
        RunError: there is no such run or device, it is not done, or it has no threshold and none is given.
    """
    run = Run(folder)
    config, where = run.config(), devices.choose(device)
    result = run.result() or {}
    if threshold is None and result.get("thresholds") is None:
        raise RunError(f"{folder}: has no threshold, for want of validation samples; give one with --threshold")
    limits = Thresholds(threshold) if threshold is not None else Thresholds(**result["thresholds"])
    predictor = Predictor(config, run.network(where), where)
    pictures = Pictures(config.data, Classes({}, frozenset()), find_part(config.data.preprocessing, where), masks=False)
    found = []
    for name, path in _images(images):
        prepared = pictures.prepared(Sample("images", name, path, name, good=True))
        scores = predictor.inspect(pictures, prepared)
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


def find_part(preprocessing: Preprocessing, device: torch.device) -> FindPart | None:
    """What finds the part where a U-Net is to do it (S1 section 3.7); None elsewhere.

    Raises:
        RunError: there is no such run.
    """
    if not isinstance(preprocessing.part, FromUNet):
        return None
    run = Run(Path(preprocessing.part.run))
    config = run.config()
    network = run.network(device)
    size, channels = config.model.size_px, config.data.preprocessing.channels

    @torch.no_grad()
    def find(image: Bytes) -> Bytes:
        shown = config.data.preprocessing.apply(image, None, np.zeros(image.shape[:2], np.uint8), "").image
        small = cv2.resize(shown, (size, size), interpolation=cv2.INTER_AREA).reshape(size, size, channels)
        tensor = torch.from_numpy(small.transpose(2, 0, 1).astype(np.float32) / 255)[None]
        probability = torch.sigmoid(network(tensor.to(device)))[0, 0].cpu().numpy()
        return part_from_probability(probability, *image.shape[:2])

    return find


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
