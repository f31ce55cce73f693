"""What is done to every picture, in training and in use alike: find the part, even the contrast, crop, make smaller.

Pictures stay (H, W, C) uint8, masks (H, W) uint8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from manifests.errors import DataSetError
from manifests.fields import field

from .samples import Bytes

Values: TypeAlias = npt.NDArray[np.float32]
FindPart: TypeAlias = Callable[[Bytes], Bytes]
"""(H, W, C) to the mask (H, W) of the part, 0 or 255."""

_RESIZED_THRESHOLD = 220  # Where S1 cuts a mask that was resized (listing 3.7).


@dataclass(frozen=True)
class Threshold:
    """The part is what is brighter than a level; then closed and eroded by boxes (S0 section 4.1)."""

    KIND: ClassVar[str] = "threshold"
    level: int = field("Grey level, 0 to 255; what is above it is part.", 30, low=0, high=255)
    closing_px: int = field("Side of the box that closes holes.", 20, low=1)
    erosion_px: int = field("Side of the box that takes off the edge.", 20, low=1)

    def find(self, image: Bytes) -> Bytes:
        """The mask of the part, (H, W), 0 or 255."""
        bright = ((grey(image) > self.level) * 255).astype(np.uint8)
        closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((self.closing_px,) * 2, np.uint8))
        eroded: Bytes = cv2.erode(closed, np.ones((self.erosion_px,) * 2, np.uint8))
        return eroded


@dataclass(frozen=True)
class FromAlpha:
    """The part is what is opaque, as in rendered pictures; a picture without alpha is all part."""

    KIND: ClassVar[str] = "alpha"


@dataclass(frozen=True)
class FromUNet:
    """The part is what a U-Net of this program finds (S1 section 3.7)."""

    KIND: ClassVar[str] = "unet"
    run: str = field("Folder of the U-Net's run.")


@dataclass(frozen=True)
class Contrast:
    """Contrast-limited adaptive histogram equalisation, then masked again (S1 listing 3.2)."""

    clip: float = field("Limit of the contrast.", 9.0, above=0.0)
    tiles: int = field("Tiles along each side.", 9, low=1)

    def apply(self, image: Bytes, part: Bytes | None) -> Bytes:
        """(H, W, C) to the same; the background, which the equalisation lifts a little, is black again."""
        equalise = cv2.createCLAHE(clipLimit=self.clip, tileGridSize=(self.tiles, self.tiles))
        even = np.dstack([equalise.apply(np.ascontiguousarray(image[:, :, c])) for c in range(image.shape[2])])
        return masked(even, part)


@dataclass(frozen=True)
class Preprocessing:
    """From a picture as it was taken to the one that a model sees, and the way back for what the model says."""

    channels: Literal[1, 3] = field("1: grey; 3: RGB.", 1)
    part: Threshold | FromAlpha | FromUNet | None = field("How the part is found; nothing: all is part.", None)
    least_part_px: int = field("Connected pieces of the part smaller than this are not part.", 0, low=0)
    contrast: Contrast | None = field("Adaptive equalisation; nothing: none.", None)
    crop: bool = field("Crop to the square around the part.", False)
    size_px: tuple[int, int] | None = field("Width and height to resample to, by area; nothing: as it is.", None, low=1)
    exposures: tuple[float, ...] = field(
        "Stack of exposures given to the model as channels: a in f(x) = x * 2^a (S2).", (0.0,), low=-16, high=16
    )

    @property
    def inputs(self) -> int:
        """Channels that the model sees."""
        return self.channels * len(self.exposures)

    def part_of(self, image: Bytes, alpha: Bytes | None, unet: FindPart | None) -> Bytes | None:
        """Mask of the part, (H, W), 0 or 255; None where all is part. ``unet`` finds it for :class:`FromUNet`."""
        if self.part is None:
            return None
        if isinstance(self.part, FromAlpha):
            part = None if alpha is None else ((alpha >= 128) * 255).astype(np.uint8)
        elif isinstance(self.part, FromUNet):
            assert unet is not None
            part = unet(image)
        else:
            part = self.part.find(image)
        if part is not None and self.least_part_px:
            part = np.maximum.reduce([np.zeros_like(part), *connected_parts(part, self.least_part_px)])
        return part

    def apply(self, image: Bytes, part: Bytes | None, mask: Bytes, where: str) -> Prepared:
        """Prepare a picture and the class mask that belongs to it.

        Raises:
            DataSetError: there is no part to crop to; ``where`` says in which picture.
        """
        original = image.shape[0], image.shape[1]
        image = masked(grey(image)[:, :, None] if self.channels == 1 else rgb(image), part)
        if self.contrast is not None:
            image = self.contrast.apply(image, part)
        whole = part if part is not None else np.full(original, 255, np.uint8)
        box = _square(whole, where) if self.crop else (0, 0, *original)
        image, mask, whole = (_cut(layer, box) for layer in (image, mask, whole))
        if self.size_px is not None:
            image = cv2.resize(image, self.size_px, interpolation=cv2.INTER_AREA).reshape(*self.size_px[::-1], -1)
            mask = cv2.resize(mask, self.size_px, interpolation=cv2.INTER_NEAREST_EXACT)
            whole = cv2.resize(whole, self.size_px, interpolation=cv2.INTER_NEAREST_EXACT)
        return Prepared(image, mask, whole, box, original)


@dataclass(frozen=True)
class Prepared:
    """A prepared picture.

    Attributes:
        image: (h, w, C).
        mask: classes, (h, w).
        part: 255 on the part, (h, w).
        box: top, left, bottom and right in the original picture; it may reach beyond.
        original: height and width of the original picture.
    """

    image: Bytes
    mask: Bytes
    part: Bytes
    box: tuple[int, int, int, int]
    original: tuple[int, int]

    def restore(self, values: Values) -> Values:
        """Lay (h, w) float values back over the original picture; 0 outside of what was cut out."""
        top, left, bottom, right = self.box
        large = cv2.resize(values, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        result = np.zeros(self.original, values.dtype)
        rows = slice(max(0, top), min(bottom, self.original[0]))
        columns = slice(max(0, left), min(right, self.original[1]))
        result[rows, columns] = large[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        return result


def grey(image: Bytes) -> Bytes:
    """(H, W, C) to (H, W)."""
    one: Bytes = image[:, :, 0] if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return one


def rgb(image: Bytes) -> Bytes:
    """(H, W, C) to (H, W, 3)."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def masked(image: Bytes, part: Bytes | None) -> Bytes:
    """The picture, black outside of the part."""
    return image if part is None else image * (part > 0)[:, :, None].astype(np.uint8)


def connected_parts(part: Bytes, least_px: int = 1) -> list[Bytes]:
    """Masks of the connected pieces of a mask, largest first: S1 tells its bricks apart so."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((part > 0).astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA]
    kept = [k for k in range(1, count) if sizes[k] >= least_px]
    return [((labels == k) * 255).astype(np.uint8) for k in sorted(kept, key=lambda k: -int(sizes[k]))]


def part_from_probability(probability: Values, height: int, width: int) -> Bytes:
    """Mask of the part from what a U-Net says at its own size, as S1 makes it (listing 3.7).

    Above 0.5, closed three times with a cross of 5 x 5, resized to the picture's size, cut at 220.
    """
    found = ((probability > 0.5) * 255).astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (5, 5))
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, cross, iterations=3)
    resized = cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR)
    part: Bytes = ((resized > _RESIZED_THRESHOLD) * 255).astype(np.uint8)
    return part


def exposure_stack(image: Values, exposures: tuple[float, ...]) -> Values:
    """Channels of one picture at several exposures, f(x) = x * 2^a, clipped (S2).

    Args:
        image: (H, W, C), float in 0..1.

    Returns:
        (H, W, C * len(exposures)); the channels of one exposure stand together.
    """
    stack = [np.clip(image * np.float32(2.0**a), 0, 1) for a in exposures]
    return np.concatenate(stack, axis=2)


def _square(part: Bytes, where: str) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        raise DataSetError(f"{where}: no part was found in it; check 'preprocessing.part'")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    side = max(bottom - top, right - left)
    top, left = (top + bottom - side) // 2, (left + right - side) // 2
    return top, left, top + side, left + side


def _cut(layer: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    """A box out of (H, W) or (H, W, C), black where it reaches beyond."""
    top, left, bottom, right = box
    height, width = layer.shape[:2]
    result = np.zeros((bottom - top, right - left, *layer.shape[2:]), np.uint8)
    rows, columns = slice(max(0, top), min(bottom, height)), slice(max(0, left), min(right, width))
    inner = layer[rows, columns]
    result[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = inner
    return result
