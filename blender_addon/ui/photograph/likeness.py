"""How alike a render and a photograph are: histograms and rows (S0), exposure. No Blender in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...contract import encoding, errors, schema

Floats = NDArray[np.float32]

BINS = 64
_REC_709 = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_PART = 0.5
"""Alpha from which a pixel counts as the part's."""
_DARK, _BRIGHT = 0.01, 0.99
"""Grey values between which a pixel tells how much light there was."""


@dataclass(frozen=True)
class Likeness:
    """A render beside a photograph, both (height, width) of grey values, 0 to 1, top row first.

    Attributes:
        frame: that was rendered.
        photograph, render: what is compared.
        part: (height, width) where the render shows the part; histograms and means are taken there.
        stops: exposure at which the render's median light on the part is the photograph's; None where either is too
            dark or too bright to tell.
    """

    frame: int
    photograph: Floats
    render: Floats
    part: NDArray[np.bool_]
    stops: float | None

    @property
    def histograms(self) -> tuple[Floats, Floats]:
        """(BINS,) shares of the part's pixels by grey value: of the photograph and of the render."""
        return _histogram(self.photograph[self.part]), _histogram(self.render[self.part])

    @property
    def overlap(self) -> float:
        """What the histograms have in common: 1 for equal ones, 0 for ones that share no grey value."""
        return float(np.minimum(*self.histograms).sum())

    @property
    def means(self) -> tuple[float, float]:
        """Mean grey value of the part."""
        return float(self.photograph[self.part].mean()), float(self.render[self.part].mean())

    @property
    def deviations(self) -> tuple[float, float]:
        """Standard deviation of the part's grey values."""
        return float(self.photograph[self.part].std()), float(self.render[self.part].std())

    def row(self, share: float) -> tuple[Floats, Floats]:
        """(width,) grey values along a row: of the photograph and of the render.

        Args:
            share: of the way from the top row (0) to the bottom row (1).
        """
        number = min(int(share * len(self.render)), len(self.render) - 1)
        return self.photograph[number], self.render[number]

    def row_difference(self, share: float) -> float:
        """Root mean square of the difference along a row."""
        one, other = self.row(share)
        return float(np.sqrt(((one - other) ** 2).mean()))


def compare(photograph: Floats, light: Floats, output: schema.Output, stops: float, frame: int) -> Likeness:
    """Set a render beside a photograph.

    Args:
        photograph: (any height, any width, 3) pixel values, 0 to 1, of the render's shape.
        light: (height, width, 4) linear, alpha premultiplied, as rendered: without exposure.
        output: by which light becomes pixel values.
        stops: exposure.
        frame: that was rendered.

    Raises:
        DataSetError: the render shows no part.
    """
    height, width = light.shape[:2]
    part = light[..., 3] > _PART
    if not part.any():
        raise errors.DataSetError("The camera sees no part; solve the camera first, or go to another view")
    seen = resample(photograph, height, width)
    values = encoding.encode(light[..., :3] * np.float32(2.0**stops), output)
    photo_light, light_there = (encoding.decode(seen, output) @ _REC_709)[part], (light[..., :3] @ _REC_709)[part]
    return Likeness(frame, seen @ _REC_709, values @ _REC_709, part, _stops(photo_light, light_there, output))


def _stops(photograph: Floats, light: Floats, output: schema.Output) -> float | None:
    """Exposure that brings the median of light to that of a photograph.

    Not the exposure of least squares: two draws of one texture do not correlate pixel by pixel, and least squares would
    darken the render for it. A median minds no highlights, be they clipped or not.
    """
    wanted, there = (np.float32(np.median(one)) for one in (photograph, light))
    grey = float(encoding.encode(np.array([wanted], dtype=np.float32), output)[0])
    if not _DARK < grey < _BRIGHT or there <= 0:
        return None
    return float(np.log2(wanted / there))


def resample(image: Floats, height: int, width: int) -> Floats:
    """An image (any height, any width, channels) at another size: each pixel the mean of the area that it covers."""
    return _resample(_resample(image, height, 0), width, 1)


def _resample(image: Floats, size: int, axis: int) -> Floats:
    length = image.shape[axis]
    if length == size:
        return image
    moved = np.moveaxis(image, axis, 0)
    total = np.concatenate([np.zeros_like(moved[:1], dtype=np.float64), np.cumsum(moved, axis=0, dtype=np.float64)])
    edges = np.linspace(0, length, size + 1)
    whole = np.minimum(edges.astype(int), length - 1)
    share = (edges - whole).reshape(-1, *[1] * (moved.ndim - 1))
    reached = total[whole] + share * moved[whole]
    return np.moveaxis(np.diff(reached, axis=0) * (size / length), 0, axis).astype(np.float32)


def _histogram(values: Floats) -> Floats:
    counts, _ = np.histogram(values, bins=BINS, range=(0, 1))
    return (counts / max(1, counts.sum())).astype(np.float32)
