"""The convolutional autoencoder of 31 layers that S1 trains on good bricks (listing A.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from manifests.fields import field


@dataclass(frozen=True)
class DeepCAESpec:
    """Convolutional autoencoder of S1, listing A.2: 31 layers, bottleneck of 25 channels at 1/16 of the size."""

    KIND: ClassVar[str] = "deep_cae"
    TASK: ClassVar[str] = "reconstruction"
    MULTIPLE_PX: ClassVar[int] = 16
    OBJECTIVE: ClassVar[str] = "squared_error"
    size_px: int = field("Side of the square input; a multiple of 16.", 320, low=16)

    def build(self, channels: int) -> DeepCAE:
        return DeepCAE(channels)


class DeepCAE(nn.Module):
    """(N, C, H, W) in 0..1 to its reconstruction; H and W are multiples of 16.

    The listing's dense layers act on a map, so each is a convolution of 1 x 1: a square of 320 px has a bottleneck of
    25 x 20 x 20.
    """

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        encoder: list[nn.Module] = [*_convolutions(channels, 16), nn.Dropout(0.2)]
        for inputs, outputs in ((16, 32), (32, 64), (64, 128), (128, 256)):
            encoder += [nn.MaxPool2d(2), *_convolutions(inputs, outputs)]
        self.encoder = nn.Sequential(*encoder, nn.Conv2d(256, 100, 1), nn.Conv2d(100, 25, 1))
        decoder: list[nn.Module] = [nn.Conv2d(25, 100, 1)]
        for inputs, outputs in ((100, 128), (128, 64), (64, 32), (32, 16)):
            decoder += [_Doubling(inputs, outputs), *_convolutions(outputs, outputs)]
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(16, channels, 3, padding=1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        reconstruction: Tensor = self.decoder(self.encoder(x))
        return reconstruction


class _Doubling(nn.ConvTranspose2d):
    """A transposed convolution of 3 x 3 and stride 2 that doubles the size, aligned as Keras aligns padding 'same'."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        return super().forward(x, output_size)[..., :-1, :-1]


def _convolutions(inputs: int, outputs: int) -> list[nn.Module]:
    first, second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
    for layer in (first, second):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return [first, nn.ReLU(), second, nn.ReLU()]
