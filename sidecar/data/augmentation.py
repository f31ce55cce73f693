"""What is changed at random in training: each draw from its own seed, so that it never depends on what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from manifests.fields import field

from .samples import Bytes

Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the changes; by default there are none."""

    flip_horizontal: bool = field("Mirror left and right, every other time (S0, S2).", False)
    flip_vertical: bool = field("Mirror up and down, every other time (S2).", False)
    rotation_deg: float = field("Rotate by up to this, either way (S1; S2: 90, with synthetic data 30).", 0.0, low=0.0)
    translation_px: float = field("Shift by up to this along each axis (S1).", 0.0, low=0.0)
    brightness: float = field("Multiply by 1 plus up to this, either way (S1).", 0.0, low=0.0, high=1.0)
    exposure: float = field("Multiply by 2^a, a between 0 and this (S2: 1).", 0.0, low=0.0, high=16.0)
    blur_px: tuple[int, ...] = field("Sides of Gaussian kernels to choose among; 1: no blur (S2: 1, 3).", (1,), low=1)
    noise_variance: float = field(
        "Gaussian noise of up to this variance, in grey levels of 255 squared (S2: 10).", 0.0, low=0.0
    )
    random_background: bool = field("Fill what is not part with uniform noise of a random brightness (S1).", False)
    contrast: float = field("Stretch around the mean by 1 plus up to this (S4).", 0.0, low=0.0, high=4.0)
    black_share: float = field(
        "Black out one side of the picture, up to this share of it, every other time: a plate's border (S4).",
        0.0,
        low=0.0,
        high=1.0,
    )

    def apply(self, image: Bytes, mask: Bytes, part: Bytes, random: np.random.Generator) -> tuple[Floats, Bytes, Bytes]:
        """Change a picture, its class mask and its part in step.

        Args:
            image: (H, W, C).
            mask, part: (H, W).
            random: the draw's own numbers.

        Returns:
            The picture as float in 0..1, its mask and its part, of the same sizes.
        """
        layers = [np.ascontiguousarray(layer) for layer in self._mirrored([image, mask, part], random)]
        moved, mask, part = self._moved(layers, random)
        bright: Floats = moved.reshape(image.shape).astype(np.float32) / 255
        if self.random_background:
            noise = random.uniform(size=bright.shape) * random.uniform()
            bright = np.where((part > 0)[:, :, None], bright, noise).astype(np.float32)
        gain = (1 + random.uniform(-self.brightness, self.brightness)) * 2 ** random.uniform(0, self.exposure)
        bright = bright * np.float32(gain)
        if self.contrast:
            mean = bright.mean(dtype=np.float64)
            bright = (mean + (bright - mean) * (1 + random.uniform(0, self.contrast))).astype(np.float32)
        if self.black_share and random.integers(2):
            bright, part = _blacked(bright, part, random.uniform(0, self.black_share), int(random.integers(4)))
        side = int(random.choice(self.blur_px))
        if side > 1:
            bright = cv2.GaussianBlur(bright, (side | 1, side | 1), 0).reshape(image.shape)
        if self.noise_variance:
            deviation = np.sqrt(random.uniform(0, self.noise_variance)) / 255
            bright = bright + random.normal(0, deviation, bright.shape).astype(np.float32)
        return np.clip(bright, 0, 1).astype(np.float32), mask, part

    def _mirrored(self, layers: list[Bytes], random: np.random.Generator) -> list[Bytes]:
        horizontal, vertical = random.integers(0, 2, 2)
        if self.flip_horizontal and horizontal:
            layers = [layer[:, ::-1] for layer in layers]
        if self.flip_vertical and vertical:
            layers = [layer[::-1] for layer in layers]
        return layers

    def _moved(self, layers: list[Bytes], random: np.random.Generator) -> list[Any]:
        angle = random.uniform(-self.rotation_deg, self.rotation_deg)
        shift = random.uniform(-self.translation_px, self.translation_px, 2)
        if not self.rotation_deg and not self.translation_px:
            return layers
        height, width = layers[0].shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
        matrix[:, 2] += shift
        modes = (cv2.INTER_LINEAR, cv2.INTER_NEAREST, cv2.INTER_NEAREST)
        return [cv2.warpAffine(layer, matrix, (width, height), flags=mode) for layer, mode in zip(layers, modes)]


def _blacked(image: Floats, part: Bytes, share: float, side: int) -> tuple[Floats, Bytes]:
    """Black out a share of a picture from one of its four sides; what is black is no part."""
    turned = np.rot90(image, side).copy(), np.rot90(part, side).copy()
    for layer in turned:
        layer[: round(share * layer.shape[0])] = 0
    return np.rot90(turned[0], -side), np.rot90(turned[1], -side)
