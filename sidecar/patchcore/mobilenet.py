"""MobileNetV3 large up to its last block of 112 channels, laid out and named as torchvision's, whose weights fit it.

Written out because torchvision for CUDA does not import beside a torch for CPUs, which is what the package index gives
on many machines, and because half of its network is not needed. A test holds the two equal.
"""

from __future__ import annotations

from torch import Tensor, nn

# Howard et al., "Searching for MobileNetV3", table 1: input, kernel, expanded, output, squeeze, activation, stride.
_BLOCKS = (
    (16, 3, 16, 16, False, nn.ReLU, 1),
    (16, 3, 64, 24, False, nn.ReLU, 2),
    (24, 3, 72, 24, False, nn.ReLU, 1),
    (24, 5, 72, 40, True, nn.ReLU, 2),
    (40, 5, 120, 40, True, nn.ReLU, 1),
    (40, 5, 120, 40, True, nn.ReLU, 1),
    (40, 3, 240, 80, False, nn.Hardswish, 2),
    (80, 3, 200, 80, False, nn.Hardswish, 1),
    (80, 3, 184, 80, False, nn.Hardswish, 1),
    (80, 3, 184, 80, False, nn.Hardswish, 1),
    (80, 3, 480, 112, True, nn.Hardswish, 1),
    (112, 3, 672, 112, True, nn.Hardswish, 1),
)


def blocks() -> nn.Sequential:
    """The stem and twelve blocks, with random weights; what they give has 40 channels after the seventh, 112 last."""
    stem = _convolved(3, 16, 3, nn.Hardswish, stride=2)
    layers = nn.Sequential(stem, *(_Block(*block) for block in _BLOCKS))
    for module in layers.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return layers


class _Block(nn.Module):
    """Expand, look around in each channel, weigh the channels, project; added to the input where the sizes allow."""

    def __init__(
        self, inputs: int, kernel: int, expanded: int, outputs: int, squeeze: bool, act: type[nn.Module], stride: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolved(inputs, expanded, 1, act)] if expanded != inputs else []
        layers.append(_convolved(expanded, expanded, kernel, act, stride=stride, groups=expanded))
        if squeeze:
            layers.append(_Squeeze(expanded))
        layers.append(_convolved(expanded, outputs, 1, None))
        self.block = nn.Sequential(*layers)
        self._added = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.block(x)
        return x + projected if self._added else projected


class _Squeeze(nn.Module):
    """Weighs the channels by what all of the image holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _multiple_of_eight(channels // 4)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.fc2(nn.functional.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True))))
        return x * nn.functional.hardsigmoid(weight)


def _convolved(
    inputs: int, outputs: int, kernel: int, act: type[nn.Module] | None, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, eps=0.001, momentum=0.01)
    return nn.Sequential(convolution, norm, *([act()] if act else []))


def _multiple_of_eight(channels: int) -> int:
    nearest = max(8, (channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8
