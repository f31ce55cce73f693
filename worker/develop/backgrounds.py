"""Distractor backgrounds: the one that a frame has behind its part, a function of the seed and the frame."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from manifests import assets
from manifests.errors import DataSetError, ManifestError
from manifests.sampling import draw, generator
from manifests.schema import Clouds, Gradients, Manifest, Photographs, Polygons

Picture = NDArray[np.float32]

_OCTAVES = 5


def make_background(manifest: Manifest, frame: int, folder: Path) -> Picture | None:
    """The background of a frame.

    Args:
        manifest: whose.
        frame: its number.
        folder: below which the manifest's assets lie.

    Returns:
        (height, width, 3), linear, 1 is white; None where the manifest has none.

    Raises:
        DataSetError: a photograph cannot be read.
    """
    backgrounds = manifest.output.backgrounds
    if not backgrounds:
        return None
    random = generator(manifest.seed, "@background", frame)
    which = int(random.integers(len(backgrounds)))
    background, path = backgrounds[which], f"output.backgrounds[{which}]"
    size = manifest.camera.image_px

    def number(name: str) -> float:
        return float(draw(getattr(background, name), manifest.seed, f"{path}.{name}", frame, frame + 1)[0])

    if isinstance(background, Photographs):
        files = assets.find(manifest, f"{path}.folder", folder)
        return _photograph(files[random.integers(len(files))], size, number("piece"), number("gain"), random)
    if isinstance(background, Polygons):
        return _polygons(background, size, round(number("count")), number("size"), random)
    share = _slope(size, random) if isinstance(background, Gradients) else _clouds(size, number("size"), random)
    first, last = _colors(background, 2, random)
    made: Picture = first + share[..., None] * (last - first)
    return made


def check_photographs(manifest: Manifest, folder: Path) -> None:
    """See that every photograph is a picture, before anything is rendered.

    Raises:
        ManifestError: one is none; names the field.
    """
    for i, background in enumerate(manifest.output.backgrounds):
        if isinstance(background, Photographs):
            field = f"output.backgrounds[{i}].folder"
            for path in assets.find(manifest, field, folder):
                try:
                    with Image.open(path, formats=["PNG", "JPEG"]):
                        pass
                except OSError:
                    raise ManifestError(field, f"{path}: is no PNG or JPEG") from None


def _colors(entry: Gradients | Polygons | Clouds, count: int, random: np.random.Generator) -> Picture:
    """(count, 3) linear."""
    darkest, brightest = np.array(entry.darkest), np.array(entry.brightest)
    colors: Picture = (darkest + random.random((count, 3)) * (brightest - darkest)).astype(np.float32)
    return colors


def _slope(size: tuple[int, int], random: np.random.Generator) -> Picture:
    """(height, width) from 0 to 1 along a direction."""
    angle = 2 * math.pi * random.random()
    x, y = (np.linspace(-side, side, side, dtype=np.float32) for side in size)
    along = math.cos(angle) * x + math.sin(angle) * y[:, None]
    return _spread(along.astype(np.float32))


def _clouds(size: tuple[int, int], spots: float, random: np.random.Generator) -> Picture:
    """(height, width) from 0 to 1: grids of noise, each half as coarse and half as strong as the one before."""
    total = np.zeros(size[::-1], dtype=np.float32)
    for octave in range(_OCTAVES):
        # Spots and the gaps between them make a period of two cells.
        cell = max(1.0, spots * max(size) / 2 / 2**octave)
        width, height = (math.ceil(side / cell) + 3 for side in size)
        grid = Image.fromarray(random.standard_normal((height, width)).astype(np.float32))
        box = (1.0, 1.0, 1.0 + size[0] / cell, 1.0 + size[1] / cell)
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC, box)) / 2**octave
    return _spread(total)


def _spread(values: Picture) -> Picture:
    low, high = values.min(), values.max()
    spread: Picture = (values - low) / np.maximum(high - low, np.float32(1e-12))
    return spread


def _polygons(entry: Polygons, size: tuple[int, int], count: int, share: float, random: np.random.Generator) -> Picture:
    colors = _srgb_bytes(_colors(entry, count + 1, random))
    # Drawn at twice the size, because Pillow's polygons have jagged edges.
    large = (2 * size[0], 2 * size[1])
    picture = Image.new("RGB", large, tuple(colors[0]))
    pen = ImageDraw.Draw(picture)
    for color in colors[1:]:
        center = random.random(2) * large
        corners = int(random.integers(3, 8))
        angles = np.sort(random.random(corners)) * 2 * math.pi
        radii = share * max(large) / 2 * (0.5 + 0.5 * random.random(corners))
        points = center + radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        pen.polygon([tuple(point) for point in points.tolist()], fill=tuple(color))
    return _linear(np.asarray(picture.reduce(2)))


def _photograph(path: Path, size: tuple[int, int], piece: float, gain: float, random: np.random.Generator) -> Picture:
    left, top, mirror = random.random(3)
    try:
        with Image.open(path, formats=["PNG", "JPEG"]) as opened:
            picture = opened.convert("RGB") if not opened.mode.startswith("I") else _eight_bits(opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataSetError(f"{path}: cannot be read as a background: {error}") from None
    scale = piece * min(picture.width / size[0], picture.height / size[1])
    width, height = scale * size[0], scale * size[1]
    x, y = left * (picture.width - width), top * (picture.height - height)
    shown = picture.resize(size, Image.Resampling.BILINEAR, (x, y, x + width, y + height))
    pixels = np.asarray(shown)
    return np.float32(gain) * _linear(pixels[:, ::-1] if mirror < 0.5 else pixels)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A 16-bit grey picture in RGB; Pillow's own conversion clips it."""
    return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")


def _linear(pixels: NDArray[np.uint8]) -> Picture:
    """Linear light of sRGB pixels (IEC 61966-2-1)."""
    codes = np.arange(256) / 255
    table = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[pixels]


def _srgb_bytes(linear: Picture) -> list[tuple[int, ...]]:
    """The pixels that :func:`_linear` takes nearest to colours (n, 3)."""
    codes = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [tuple(color) for color in np.rint(255 * codes).astype(int).tolist()]
