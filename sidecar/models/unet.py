"""The U-Net that finds the part in S1 (listing A.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from manifests.fields import field


@dataclass(frozen=True)
class UNetSpec:
    """U-Net of S1, listing A.1: 16 to 256 channels, dropout 0.1 to 0.3."""

    KIND: ClassVar[str] = "unet"
    TASK: ClassVar[str] = "segmentation"
    MULTIPLE_PX: ClassVar[int] = 16
    OBJECTIVE: ClassVar[str] = "cross_entropy"
    size_px: int = field("Side of the square input; a multiple of 16.", 512, low=16)

    def build(self, channels: int) -> UNet:
        return UNet(channels)


class UNet(nn.Module):
    """(N, C, H, W) in 0..1 to logits (N, 1, H, W); H and W are multiples of 16."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _convolutions(inputs, outputs, dropout)
            for inputs, outputs, dropout in (
                (channels, 16, 0.1),
                (16, 32, 0.1),
                (32, 64, 0.1),
                (64, 128, 0.2),
                (128, 256, 0.3),
            )
        )
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, stride=2) for width in (128, 64, 32, 16)])
        self.merge = nn.ModuleList(
            _convolutions(inputs, outputs, dropout)
            for inputs, outputs, dropout in ((256, 128, 0.2), (128, 64, 0.2), (64, 32, 0.1), (32, 16, 0.1))
        )
        self.head = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skipped: list[Tensor] = []
        for block in self.down[:-1]:
            skipped.append(block(x))
            x = self.pool(skipped[-1])
        x = self.down[-1](x)
        for up, merge, skip in zip(self.up, self.merge, reversed(skipped)):
            x = merge(torch.cat([up(x), skip], dim=1))
        logits: Tensor = self.head(x)
        return logits


def _convolutions(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    first, second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
    for layer in (first, second):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return nn.Sequential(first, nn.ReLU(), nn.Dropout(dropout), second, nn.ReLU())
