"""A trained network on whole pictures: their anomaly maps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from ..config import Config, Dissimilarity
from ..data.drawing import Pictures
from ..data.preprocessing import FindPart, FromUNet, Prepared, Preprocessing, Values, part_from_probability
from ..data.samples import Bytes
from ..runs import Run
from ..similarity import dissimilarity_map


@dataclass(frozen=True)
class Inspection:
    """What a network says of a prepared picture.

    Attributes:
        scores: anomaly map (h, w), >= 0; 0 beside the part, which is not inspected.
        reconstruction: (h, w, C) in 0..1, of the first exposure; None of a model that makes none.
    """

    scores: Values
    reconstruction: Values | None


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
        return self._scores(image, self.output(image).cpu().numpy())

    def inspect(self, pictures: Pictures, prepared: Prepared) -> Inspection:
        """A prepared picture as the network sees it."""
        image = pictures.input(prepared)
        output = self.output(image).cpu().numpy()
        scores: Values = self._scores(image, output) * (prepared.part > 0)
        if self._config.model.TASK != "reconstruction":
            return Inspection(scores, None)
        return Inspection(scores, output[: self._config.data.preprocessing.channels].transpose(1, 2, 0))

    def _scores(self, image: Tensor, output: Values) -> Values:
        if self._config.model.TASK != "reconstruction":
            probability: Values = output[0].astype(np.float32)
            return probability
        error_map = self._config.prediction.error_map
        if isinstance(error_map, Dissimilarity):
            return dissimilarity_map(image.numpy().transpose(1, 2, 0), output.transpose(1, 2, 0), error_map.sigma)
        squared: Values = ((image.numpy() - output) ** 2).mean(axis=0).astype(np.float32)
        return squared

    def _reconstruct(self, windows: Tensor) -> Tensor:
        reconstruction: Tensor = self._network(windows)
        return reconstruction

    def _probability(self, windows: Tensor) -> Tensor:
        return torch.sigmoid(self._network(windows))


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
