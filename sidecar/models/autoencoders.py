"""The autoencoders that S3 compares (tables 2 to 4): one encoder and decoder, three ways to train the latent space."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from manifests.fields import field

_WIDEST = 1024  # r of table 3


@dataclass(frozen=True)
class _Spec:
    TASK: ClassVar[str] = "reconstruction"
    MULTIPLE_PX: ClassVar[int] = 16
    OBJECTIVE: ClassVar[str] = "squared_error"
    size_px: int = field("Side of the square input; a multiple of 16.", 128, low=16)
    latent: int = field("Numbers of the latent space (table 3: 100).", 100, low=1)
    layers: Literal[5, 6] = field(
        "Convolutions of the encoder (table 2): 5 as for the synthetic sets, 6 as for the industrial ones.", 5
    )


@dataclass(frozen=True)
class CAESpec(_Spec):
    """Convolutional autoencoder of S3."""

    KIND: ClassVar[str] = "cae"

    def build(self, channels: int) -> CAE:
        return CAE(channels, self.size_px, self.latent, self.layers)


@dataclass(frozen=True)
class VAESpec(_Spec):
    """Variational autoencoder of S3."""

    KIND: ClassVar[str] = "vae"
    OBJECTIVE: ClassVar[str] = "variational"
    divergence: float = field(
        "Weight of the divergence, summed over the latent space, beside the squared error, summed over the pixels.",
        1.0,
        low=0.0,
    )

    def build(self, channels: int) -> VAE:
        return VAE(channels, self.size_px, self.latent, self.layers)


@dataclass(frozen=True)
class AAESpec(_Spec):
    """Adversarial autoencoder of S3, whose critic estimates the Wasserstein distance to a normal distribution."""

    KIND: ClassVar[str] = "aae"
    OBJECTIVE: ClassVar[str] = "adversarial"
    critic_steps: int = field("Steps of the critic for each one of the encoder.", 5, low=1)
    critic_clip: float = field("The critic's weights are kept within plus and minus this.", 0.01, above=0.0)

    def build(self, channels: int) -> AAE:
        return AAE(channels, self.size_px, self.latent, self.layers)


class CAE(nn.Module):
    """(N, C, size, size) in 0..1 to its reconstruction; ``encode`` gives (N, latent)."""

    def __init__(self, channels: int = 1, size_px: int = 128, latent: int = 100, layers: int = 5) -> None:
        super().__init__()
        widths = [channels, 16, 32, 64, 64, 16] if layers == 5 else [channels, 16, 32, 64, 64, 64, 16]
        whole = layers - 4  # The rest halves the size.
        convolutions: list[nn.Module] = []
        for k, (inputs, outputs) in enumerate(pairwise(widths)):
            convolutions += [nn.Conv2d(inputs, outputs, 3, stride=1 if k < whole else 2, padding=1), nn.LeakyReLU()]
        self.convolutions = nn.Sequential(*convolutions)
        self._side = size_px // 16
        flat = 16 * self._side**2
        self.lin1 = nn.Linear(flat, _WIDEST)
        self.lin2 = nn.Linear(_WIDEST, latent)
        self.bottleneck = nn.Sequential(
            nn.Linear(latent, _WIDEST), nn.LeakyReLU(), nn.Linear(_WIDEST, flat), nn.LeakyReLU()
        )
        widths = widths[::-1]
        deconvolutions: list[nn.Module] = []
        for k, (inputs, outputs) in enumerate(pairwise(widths)):
            stride = 2 if k < 4 else 1
            deconvolutions += [
                nn.ConvTranspose2d(inputs, outputs, 3, stride=stride, padding=1, output_padding=stride - 1),
                nn.LeakyReLU(),
            ]
        self.deconvolutions = nn.Sequential(*deconvolutions[:-1], nn.Sigmoid())

    def features(self, x: Tensor) -> Tensor:
        """What lies before the latent space, (N, 1024)."""
        return nn.functional.leaky_relu(self.lin1(self.convolutions(x).flatten(1)))

    def encode(self, x: Tensor) -> Tensor:
        latent: Tensor = self.lin2(self.features(x))
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        x: Tensor = self.bottleneck(latent).unflatten(1, (16, self._side, self._side))
        reconstruction: Tensor = self.deconvolutions(x)
        return reconstruction

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))


class VAE(CAE):
    """As the CAE; the latent space is a normal distribution, of which ``forward`` decodes the mean."""

    def __init__(self, channels: int = 1, size_px: int = 128, latent: int = 100, layers: int = 5) -> None:
        super().__init__(channels, size_px, latent, layers)
        self.lin22 = nn.Linear(_WIDEST, latent)

    def distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the standard deviation, each (N, latent)."""
        features = self.features(x)
        return self.lin2(features), self.lin22(features)


class AAE(CAE):
    """As the CAE, with a critic that tells codes from draws of the normal distribution (table 4)."""

    def __init__(self, channels: int = 1, size_px: int = 128, latent: int = 100, layers: int = 5) -> None:
        super().__init__(channels, size_px, latent, layers)
        self.critic = nn.Sequential(nn.Linear(latent, 10), nn.LeakyReLU(), nn.Linear(10, 1), nn.LeakyReLU())


def divergence(mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the standard normal distribution (S3 eq. 5), (N,)."""
    return -0.5 * torch.sum(1 + 2 * log_deviation - mean**2 - torch.exp(2 * log_deviation), dim=1)
