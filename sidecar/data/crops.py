"""Which square of a training picture a draw sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from manifests.fields import field

Layer = TypeVar("Layer", bound=npt.NDArray[Any])
Place: TypeAlias = tuple[int, int]
"""Row and column of a square's upper left pixel; the square may reach beyond the picture."""


@dataclass(frozen=True)
class Anywhere:
    """A square anywhere within the picture (S0, S3)."""

    KIND: ClassVar[str] = "anywhere"

    def place(self, image: npt.NDArray[np.float32], size: int, random: np.random.Generator) -> Place:
        """Draw the place of a square of ``size`` in (H, W, C) of 0..1."""
        row, column = (int(random.integers(0, max(1, side - size + 1))) for side in image.shape[:2])
        return row, column


@dataclass(frozen=True)
class Bright:
    """A square around a random pixel among those that are bright enough, so that none shows darkness alone (S2)."""

    KIND: ClassVar[str] = "bright"
    threshold: int = field("Grey level, 0 to 255; a pixel above it may be the middle.", 10, low=0, high=254)

    def place(self, image: npt.NDArray[np.float32], size: int, random: np.random.Generator) -> Place:
        """Draw the place of a square of ``size`` in (H, W, C) of 0..1; anywhere in a picture that is all dark."""
        bright = np.flatnonzero(image.mean(axis=2) * 255 > self.threshold)
        if not len(bright):
            return Anywhere().place(image, size, random)
        row, column = divmod(int(bright[random.integers(0, len(bright))]), image.shape[1])
        height, width = image.shape[:2]
        return _inside(row - size // 2, size, height), _inside(column - size // 2, size, width)


@dataclass(frozen=True)
class Tile:
    """One of the squares into which the picture is cut for use, with its mirrored margin (S1)."""

    KIND: ClassVar[str] = "tile"
    margin_px: int = field("Width of the margin on each side.", 32, low=0)

    def place(self, image: npt.NDArray[np.float32], size: int, random: np.random.Generator) -> Place:
        """Draw the place of a square of ``size``, margins included."""
        kept = size - 2 * self.margin_px
        row, column = (int(random.integers(0, -(-side // kept))) * kept for side in image.shape[:2])
        return row - self.margin_px, column - self.margin_px


Crop: TypeAlias = Anywhere | Bright | Tile


def cut(layer: Layer, place: Place, size: int) -> Layer:
    """The square of ``size`` at a place of (H, W) or (H, W, C), mirrored where it reaches beyond."""
    rows, columns = (_mirrored(start, size, length) for start, length in zip(place, layer.shape))
    square: Layer = layer[rows[:, None], columns[None, :]]
    return square


def _inside(start: int, size: int, length: int) -> int:
    return max(0, min(start, length - size))


def _mirrored(start: int, size: int, length: int) -> npt.NDArray[np.int64]:
    if length == 1:
        return np.zeros(size, np.int64)
    period = 2 * (length - 1)
    index = np.arange(start, start + size) % period
    return np.where(index < length, index, period - index)
