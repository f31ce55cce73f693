"""The segmentation networks that S2 compares, from the libraries it took them from.

S2 names a ResNet-34 with bottleneck blocks, dilated so that its maps are 1/8 of the image: that is the layout of
torchvision's ``fcn_resnet50`` and ``deeplabv3_resnet50``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from manifests.fields import field

from ..late_imports import imported


@dataclass(frozen=True)
class _Spec:
    TASK: ClassVar[str] = "segmentation"
    MULTIPLE_PX: ClassVar[int] = 32
    OBJECTIVE: ClassVar[str] = "cross_entropy"
    size_px: int = field("Side of the square crops; a multiple of 32.", 256, low=32)


@dataclass(frozen=True)
class FCNSpec(_Spec):
    """Fully convolutional network of S2, with torchvision's dilated ResNet-50."""

    KIND: ClassVar[str] = "fcn"

    def build(self, channels: int) -> Centred:
        return Centred(_torchvision("fcn_resnet50", channels))


@dataclass(frozen=True)
class DeepLabV3Spec(_Spec):
    """DeepLabV3 of S2, with torchvision's dilated ResNet-50."""

    KIND: ClassVar[str] = "deeplabv3"

    def build(self, channels: int) -> Centred:
        return Centred(_torchvision("deeplabv3_resnet50", channels))


@dataclass(frozen=True)
class UNetResNetSpec(_Spec):
    """U-Net of S2, with a ResNet as its encoder."""

    KIND: ClassVar[str] = "unet_resnet"
    encoder: Literal["resnet18", "resnet34", "resnet50"] = field("Which ResNet.", "resnet34")

    def build(self, channels: int) -> Centred:
        def unet() -> nn.Module:
            import segmentation_models_pytorch

            network: nn.Module = segmentation_models_pytorch.Unet(
                self.encoder, encoder_weights=None, in_channels=channels, classes=1
            )
            return network

        return Centred(imported(unet))


class Centred(nn.Module):
    """A segmentation network behind S2's centring: (N, C, H, W) in 0..1 becomes -1..1; gives logits (N, 1, H, W)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        found: Any = self.network(2 * x - 1)
        logits: Tensor = found["out"] if isinstance(found, dict) else found
        return logits


def _torchvision(name: str, channels: int) -> nn.Module:
    def make() -> nn.Module:
        from torchvision.models import segmentation

        network: nn.Module = getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=1)
        return network

    network = imported(make)
    first = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")
    network.backbone.conv1 = first  # type: ignore[union-attr]
    return network
