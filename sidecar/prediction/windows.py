"""A network that takes small squares, laid over a large image: S0's averaged windows and S1's mirrored ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor

from manifests.errors import ManifestError
from manifests.fields import field, join

Apply: TypeAlias = Callable[[Tensor], Tensor]
"""A batch of windows (N, C, h, w) to a batch of results (N, D, h, w)."""


@dataclass(frozen=True)
class Sliding:
    """Overlapping windows whose results are averaged (S0: 128 px every 30 px)."""

    KIND: ClassVar[str] = "sliding"
    stride_px: int = field("Distance from one window to the next.", 30, low=1)

    def apply(self, image: Tensor, size: int, network: Apply, batch: int) -> Tensor:
        """(C, H, W) to (D, H, W), through windows of ``size``; the image is padded to a whole number of strides."""
        height, width = image.shape[-2:]
        padded = _grown(image, *(size + _up(max(0, side - size), self.stride_px) for side in (height, width)))
        places = list(_places(padded, size, self.stride_px))
        total: Tensor | None = None
        count = torch.zeros(padded.shape[-2:], device=image.device)
        for place, result in _results(padded, places, size, network, batch):
            if total is None:
                total = torch.zeros((result.shape[0], *padded.shape[-2:]), device=image.device)
            total[(slice(None), *place)] += result
            count[place] += 1
        assert total is not None  # There is one window at least.
        return (total / count)[:, :height, :width]


@dataclass(frozen=True)
class Mirrored:
    """Windows side by side, each seen with a mirrored margin that is cut off the result (S1: 320 px give 256 px)."""

    KIND: ClassVar[str] = "mirrored"
    margin_px: int = field("Width of the margin on each side of a window.", 32, low=0)

    def check(self, path: str) -> None:
        if self.margin_px > 1024:
            raise ManifestError(join(path, "margin_px"), "must be at most 1024")

    def apply(self, image: Tensor, size: int, network: Apply, batch: int) -> Tensor:
        """(C, H, W) to (D, H, W), through windows of ``size``, of which the middle without the margins is kept."""
        height, width = image.shape[-2:]
        padded, kept = self.pad(image, size)
        margin = self.margin_px
        whole: Tensor | None = None
        for (rows, columns), result in _results(padded, list(_places(padded, size, kept)), size, network, batch):
            if whole is None:
                sides = [side - 2 * margin for side in padded.shape[-2:]]
                whole = torch.zeros((result.shape[0], *sides), device=image.device)
            inner = result[:, margin : margin + kept, margin : margin + kept]
            whole[:, rows.start : rows.start + kept, columns.start : columns.start + kept] = inner
        assert whole is not None  # There is one window at least.
        return whole[:, :height, :width]

    def pad(self, image: Tensor, size: int) -> tuple[Tensor, int]:
        """The image with mirrored margins and filled up to whole windows, and the side of what a window keeps."""
        kept = size - 2 * self.margin_px
        height, width = (_up(side, kept) for side in image.shape[-2:])
        inner = _grown(image, height, width)
        return _mirrored(inner, self.margin_px, self.margin_px, self.margin_px, self.margin_px), kept


@dataclass(frozen=True)
class Whole:
    """The whole image at once, filled up at its lower right to a size that the network can halve."""

    KIND: ClassVar[str] = "whole"
    multiple_px: int = field("Sides are filled up to a multiple of this.", 32, low=1)

    def apply(self, image: Tensor, size: int, network: Apply, batch: int) -> Tensor:
        """(C, H, W) to (D, H, W); ``size`` and ``batch`` have no say."""
        height, width = image.shape[-2:]
        padded = _grown(image, *(_up(side, self.multiple_px) for side in (height, width)))
        return network(padded[None])[0, :, :height, :width]


Windows: TypeAlias = Sliding | Mirrored | Whole


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


def _grown(image: Tensor, height: int, width: int) -> Tensor:
    return _mirrored(image, 0, height - image.shape[-2], 0, width - image.shape[-1])


def _mirrored(image: Tensor, top: int, bottom: int, left: int, right: int) -> Tensor:
    """Mirror at the edges, again and again where the margin is wider than the image."""
    rows = _reflected(torch.arange(-top, image.shape[-2] + bottom), image.shape[-2])
    columns = _reflected(torch.arange(-left, image.shape[-1] + right), image.shape[-1])
    return image[..., rows.to(image.device)[:, None], columns.to(image.device)[None, :]]


def _reflected(index: Tensor, length: int) -> Tensor:
    if length == 1:
        return torch.zeros_like(index)
    period = 2 * (length - 1)
    index = index.remainder(period)
    return torch.where(index < length, index, period - index)


def _places(image: Tensor, size: int, stride: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, image.shape[-2] - size + 1, stride):
        for left in range(0, image.shape[-1] - size + 1, stride):
            yield slice(top, top + size), slice(left, left + size)


def _results(
    image: Tensor, places: list[tuple[slice, slice]], size: int, network: Apply, batch: int
) -> Iterator[tuple[tuple[slice, slice], Tensor]]:
    for start in range(0, len(places), batch):
        some = places[start : start + batch]
        yield from zip(some, network(torch.stack([image[(slice(None), *place)] for place in some])))
