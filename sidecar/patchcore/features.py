"""Patch features: what MobileNetV3 large sees at its third and fourth layer (S4, section V-B).

The third layer has 40 channels at 1/8 of the image, the fourth 112 at 1/16. Each is averaged over 2 x 2 cells, which
gives a value for every corner of the grid, those at the border from fewer cells; the fourth is interpolated between its
corners to those of the third. So the feature of corner (i, j) describes the surroundings of pixel (8 i, 8 j).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from manifests.errors import RunError

from ..late_imports import imported
from . import mobilenet

THIRD, FOURTH = 40, 112
FEATURES = THIRD + FOURTH
STRIDE_PX = 8
_MULTIPLE_PX = 16
_LAYERS = (6, 12)  # the last blocks of 40 and of 112 channels
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which the weights expect


class Extractor(nn.Module):
    """The network up to its fourth layer, with weights drawn at random until some are loaded."""

    mean: Tensor
    deviation: Tensor
    scale: Tensor
    """What each feature is multiplied by: 1; 0 for those that were not learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = mobilenet.blocks()
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("scale", torch.ones(FEATURES)[:, None, None])
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, height, width) RGB, 0 to 1, to (n, FEATURES, rows, columns), :func:`grid` of them."""
        third, fourth = self._pooled(images, _LAYERS)
        fourth = F.interpolate(fourth, third.shape[-2:], mode="bilinear", align_corners=True)
        rows, columns = grid(*images.shape[-2:])
        return self.scale * torch.cat([third, fourth], dim=1)[:, :, :rows, :columns]

    def third(self, images: Tensor) -> Tensor:
        """Features of the third layer alone, (n, THIRD, rows, columns), at half the cost; not scaled."""
        rows, columns = grid(*images.shape[-2:])
        return self._pooled(images, _LAYERS[:1])[0][:, :, :rows, :columns]

    def _pooled(self, images: Tensor, layers: tuple[int, ...]) -> list[Tensor]:
        """What each of some layers sees, ascending; blocks after the last of them are not computed."""
        height, width = images.shape[-2:]
        filled = F.pad(images, (0, _short(width), 0, _short(height)), mode="replicate")
        seen = (filled - self.mean) / self.deviation
        pooled = []
        for number, block in enumerate(self.blocks):
            seen = block(seen)
            if number in layers:
                pooled.append(F.avg_pool2d(seen, 2, stride=1, padding=1, count_include_pad=False))
            if number == layers[-1]:
                break
        return pooled


def grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of patches in an image of so many pixels."""
    # No number is negative on the way: ONNX rounds those another way than Python.
    return (height + STRIDE_PX - 1) // STRIDE_PX + 1, (width + STRIDE_PX - 1) // STRIDE_PX + 1


def _short(length: int) -> int:
    """Pixels that a side lacks to the next multiple."""
    return (_MULTIPLE_PX - length % _MULTIPLE_PX) % _MULTIPLE_PX


def load_weights(extractor: Extractor, file: Path) -> None:
    """Load weights: a checkpoint of torchvision's ``mobilenet_v3_large``, or what :func:`state` wrote.

    Raises:
        RunError: there is no such file, or it holds other weights.
    """
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise RunError(f"{file}: weights that cannot be read: {error.strerror}") from None
    except Exception:  # torch raises whatever its readers of old and new files, and their contents, do
        raise RunError(f"{file}: is no checkpoint of PyTorch") from None
    blocks = {key.removeprefix("features."): value for key, value in loaded.items() if key.startswith("features.")}
    wanted = extractor.blocks.state_dict()
    if not wanted.keys() <= blocks.keys() or any(blocks[key].shape != wanted[key].shape for key in wanted):
        raise RunError(f"{file}: holds no weights of MobileNetV3 large")
    extractor.blocks.load_state_dict({key: blocks[key] for key in wanted})
    if "scale" in loaded:
        extractor.scale.copy_(loaded["scale"])


def download_weights(extractor: Extractor) -> None:
    """Load torchvision's weights of ImageNet, downloaded where they are not in its cache.

    Raises:
        RunError: they cannot be downloaded, or there is no torchvision that fits.
    """

    def load() -> dict[str, Tensor]:
        from torchvision.models import MobileNet_V3_Large_Weights

        weights = MobileNet_V3_Large_Weights.IMAGENET1K_V2
        loaded: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True, map_location="cpu")
        return loaded

    try:
        loaded = imported(load)
    except OSError as error:
        raise RunError(
            f"the weights of ImageNet cannot be downloaded ({error}); give a file, or 'self' to learn from the images"
        ) from None
    extractor.blocks.load_state_dict(
        {key: loaded[f"features.{key}"] for key in extractor.blocks.state_dict()},
    )


def state(extractor: Extractor) -> dict[str, Tensor]:
    """The weights under torchvision's names and the scale, as :func:`load_weights` reads them."""
    return {
        "scale": extractor.scale,
        **{f"features.{key}": value for key, value in extractor.blocks.state_dict().items()},
    }
