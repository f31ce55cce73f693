"""What each model is trained for: one step of its optimisers, and the loss that validation looks at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..models import ModelSpec
from ..models.autoencoders import AAE, VAE, AAESpec, VAESpec, divergence
from ..similarity import similarity


class NotFinite(ArithmeticError):
    """A loss is NaN or infinite; no weight has been touched by it."""


@dataclass
class Stepper:
    """Steps of optimisers, in full or mixed precision.

    Attributes:
        device: where the network is.
        half: type of mixed precision, or None.
        scaler: keeps gradients of half precision from vanishing; does nothing where it is not needed.
    """

    device: torch.device
    half: torch.dtype | None
    scaler: torch.amp.GradScaler

    def cast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=self.half, enabled=self.half is not None)

    def step(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
        """One step down the loss.

        Returns:
            The loss.

        Raises:
            NotFinite: the loss is NaN or infinite; no step was made.
        """
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFinite(f"{value}")
        optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(optimizer)
        self.scaler.update()
        return value


class Objective:
    """A network with what it is trained for.

    Args:
        network: to train, on its device.
        loss: (images, targets, network) to a scalar.
        make: parameters to an optimiser.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[[Tensor, Tensor, nn.Module], Tensor],
        make: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer],
    ) -> None:
        self.network, self._loss = network, loss
        self.optimizers = {"network": make(network.parameters())}

    def step(self, images: Tensor, targets: Tensor, stepper: Stepper) -> float:
        """One step on a batch, (N, C, H, W) and (N, 1, H, W); returns the loss, raises NotFinite."""
        with stepper.cast():
            loss = self._loss(images, targets, self.network)
        return stepper.step(self.optimizers["network"], loss)

    @torch.no_grad()
    def validation_loss(self, images: Tensor, targets: Tensor, stepper: Stepper) -> float:
        """The loss of a batch; nothing is changed. The network is in evaluation mode."""
        with stepper.cast():
            return float(self._loss(images, targets, self.network))

    def state(self) -> dict[str, Any]:
        return {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state[name])


class Adversarial(Objective):
    """S3's two phases: reconstruct; then the critic learns what a code is and the encoder to be taken for the prior.

    The critic estimates the Wasserstein distance, its weights clipped after each step (Arjovsky et al. 2017).
    """

    def __init__(
        self, network: AAE, spec: AAESpec, make: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]
    ) -> None:
        super().__init__(network, _squared_error, make)
        self._aae, self._spec = network, spec
        critic = {id(parameter) for parameter in network.critic.parameters()}
        self.optimizers = {
            "network": make(parameter for parameter in network.parameters() if id(parameter) not in critic),
            "critic": make(network.critic.parameters()),
            "encoder": make(
                parameter
                for part in (network.convolutions, network.lin1, network.lin2)
                for parameter in part.parameters()
            ),
        }

    def step(self, images: Tensor, targets: Tensor, stepper: Stepper) -> float:
        loss = super().step(images, targets, stepper)
        network = self._aae
        with stepper.cast():
            codes = network.encode(images)
        known = codes.detach().float()
        for _ in range(self._spec.critic_steps):
            true = torch.randn_like(known)
            with stepper.cast():
                distance = network.critic(known).mean() - network.critic(true).mean()
            stepper.step(self.optimizers["critic"], distance)
            with torch.no_grad():
                for parameter in network.critic.parameters():
                    parameter.clamp_(-self._spec.critic_clip, self._spec.critic_clip)
        with stepper.cast():
            doubt = -network.critic(codes).mean()
        stepper.step(self.optimizers["encoder"], doubt)
        return loss


def objective(
    spec: ModelSpec, network: nn.Module, make: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]
) -> Objective:
    """The objective of a model."""
    if isinstance(spec, AAESpec) and isinstance(network, AAE):
        return Adversarial(network, spec, make)
    if isinstance(spec, VAESpec):
        return Objective(network, _variational(spec.divergence), make)
    losses = {
        "squared_error": _squared_error,
        "structural_similarity": _dissimilarity,
        "cross_entropy": _cross_entropy,
    }
    return Objective(network, losses[spec.OBJECTIVE], make)


def _squared_error(images: Tensor, targets: Tensor, network: nn.Module) -> Tensor:
    return nn.functional.mse_loss(network(images).float(), images)


def _dissimilarity(images: Tensor, targets: Tensor, network: nn.Module) -> Tensor:
    return -similarity(images, network(images).float()).mean()


def _cross_entropy(images: Tensor, targets: Tensor, network: nn.Module) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(network(images).float(), targets)


def _variational(weight: float) -> Callable[[Tensor, Tensor, nn.Module], Tensor]:
    def loss(images: Tensor, targets: Tensor, network: nn.Module) -> Tensor:
        assert isinstance(network, VAE)
        mean, log_deviation = (value.float() for value in network.distribution(images))
        noise = torch.randn_like(mean) if network.training else torch.zeros_like(mean)
        reconstruction = network.decode(mean + torch.exp(log_deviation) * noise).float()
        error = nn.functional.mse_loss(reconstruction, images)
        # Both terms are sums in S3's equation 4; divided by the number of pixels they stay at the scale of the others.
        return error + weight * divergence(mean, log_deviation).mean() / images[0].numel()

    return loss
