"""The autoencoder that S0 trains on patches of good surface (tables 2 and 3, after Bergmann et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from manifests.fields import field

_SIZE_PX = 128


@dataclass(frozen=True)
class SSIMAutoencoderSpec:
    """Autoencoder of S0, tables 2 and 3, trained for structural similarity; its input is 128 x 128."""

    KIND: ClassVar[str] = "ssim_autoencoder"
    TASK: ClassVar[str] = "reconstruction"
    MULTIPLE_PX: ClassVar[int] = 1
    OBJECTIVE: ClassVar[str] = "structural_similarity"
    latent: int = field("Numbers of the latent space.", 500, low=1)

    @property
    def size_px(self) -> int:
        return _SIZE_PX

    def build(self, channels: int) -> SSIMAutoencoder:
        return SSIMAutoencoder(channels, self.latent)


class SSIMAutoencoder(nn.Module):
    """(N, C, 128, 128) in 0..1 to its reconstruction; ``encode`` gives (N, latent)."""

    def __init__(self, channels: int = 1, latent: int = 500) -> None:
        super().__init__()
        # Inputs, outputs, side of the kernel, stride, padding.
        encoder = [(channels, 32, 4, 2, 1), (32, 32, 4, 2, 1), (32, 32, 3, 1, 1), (32, 64, 4, 2, 1), (64, 64, 3, 1, 1)]
        encoder += [(64, 128, 4, 2, 1), (128, 64, 3, 1, 1), (64, 32, 3, 1, 1), (32, latent, 8, 1, 0)]
        decoder = [(latent, 32, 8, 1, 0), (32, 64, 3, 1, 1), (64, 128, 3, 1, 1), (128, 64, 4, 2, 1), (64, 64, 3, 1, 1)]
        decoder += [(64, 32, 4, 2, 1), (32, 32, 3, 1, 1), (32, 32, 4, 2, 1), (32, 32, 4, 2, 1)]
        down: list[nn.Module] = []
        for shape in encoder:
            down += [nn.Conv2d(*shape), nn.LeakyReLU(0.2)]
        self.encoder = nn.Sequential(*down[:-1])
        up: list[nn.Module] = []
        for shape in decoder:
            up += [nn.ConvTranspose2d(*shape), nn.LeakyReLU(0.2)]
        self.decoder = nn.Sequential(*up, nn.Conv2d(32, channels, 3, padding=1), nn.Sigmoid())

    def encode(self, x: Tensor) -> Tensor:
        latent: Tensor = self.encoder(x).flatten(1)
        return latent

    def forward(self, x: Tensor) -> Tensor:
        reconstruction: Tensor = self.decoder(self.encoder(x))
        return reconstruction
