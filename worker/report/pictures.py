"""Pictures of the report: thumbnails and close-ups of pairs, embedded in the page, and outlines of their masks."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from manifests.layout import IMAGE, INSTANCES, MASK, TWIN, VISIBLE, DataSet
from manifests.schema import Manifest
from manifests.showing import class_colors

from .census import Defect

THUMBNAIL_PX = 400
"""Longest side of a thumbnail."""
_CROP_PX = 192  # longest side of a close-up's picture
_SMALLEST_WINDOW_PX = 28  # of a close-up: surroundings tell a dent from a stain
_HALO_PX = 3  # of a thumbnail, between a defect and its outline, so that the line covers no defect
_THREADS = 4
_REC_709 = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)

_UNSEEN = 0.35  # brightness of the mask's colours where no twin shows that it can be seen

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thumbnail:
    """A pair in small.

    Attributes:
        frame: its number.
        uri: the image on black, as a data URI.
        width, height: in pixels, the axes of the outlines.
        pixels: of the image on black, (height, width, 3) uint8.
        outlines: class label and SVG path of the outline of what the masks show of it.
        twin: the image without what its twin lacks, as a data URI; empty where there is none.
        classes: the class mask in colours, likewise, bright where what the twin lacks can be seen; empty where no twin
            tells.
    """

    frame: int
    uri: str
    width: int
    height: int
    pixels: NDArray[np.uint8]
    outlines: dict[str, str]
    twin: str = ""
    classes: str = ""


@dataclass(frozen=True)
class CloseUp:
    """A defect, and its surroundings.

    Attributes:
        defect: which.
        uri: a square of the image, as a data URI.
        side: of the square in pixels of the image, the axes of the outline.
        outline: SVG path.
    """

    defect: Defect
    uri: str
    side: int
    outline: str


@dataclass
class Look:
    """What was seen of one frame.

    Attributes:
        frame: its number.
        brightness: mean luminance of the pixel values where the image is opaque, 0 to 1; None where it nowhere is.
        class_pixels: (256,) number of pixels by mask value.
        thumbnail: where asked for.
        close_ups: those asked for.
        problem: why the pictures could not be read, empty where they could.
    """

    frame: int
    brightness: float | None = None
    class_pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, dtype=np.int64))
    thumbnail: Thumbnail | None = None
    close_ups: list[CloseUp] = field(default_factory=list)
    problem: str = ""


def look_at(
    data_set: DataSet, manifest: Manifest, frames: Iterable[int], thumbnails: set[int], defects: Iterable[Defect]
) -> Iterator[Look]:
    """Read the pictures of frames, each once, several at a time.

    Args:
        data_set, manifest: whose.
        frames: which, in order.
        thumbnails: those of them of which a thumbnail is wanted.
        defects: of which a close-up is wanted; their frames are among ``frames``.

    Yields:
        A look for each frame, in order.
    """
    wanted: dict[int, list[Defect]] = {}
    for defect in defects:
        wanted.setdefault(defect.frame, []).append(defect)

    def look(frame: int) -> Look:
        try:
            return _look(data_set, manifest, frame, frame in thumbnails, wanted.get(frame, []))
        except _Damage as damage:
            return Look(frame, problem=str(damage))

    # Decoding leaves the interpreter's lock; few threads, because each holds a decoded image.
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(look, frames)


def mean_picture(thumbnails: list[Thumbnail]) -> str:
    """The mean of thumbnails as a data URI; empty where there is none."""
    if not thumbnails:
        return ""
    mean = np.mean([thumbnail.pixels for thumbnail in thumbnails], axis=0, dtype=np.float32)
    return _webp(Image.fromarray(np.rint(mean).astype(np.uint8)))


def outline(mask: Mask) -> str:
    """SVG path along the edges of the pixels of a (height, width) mask, in pixels; empty for an empty mask."""
    padded = np.pad(mask, 1)
    across = [f"M{x - 1} {y}h{n}" for y, x, n in _runs(padded[1:] ^ padded[:-1])]
    down = [f"M{x} {y - 1}v{n}" for x, y, n in _runs((padded[:, 1:] ^ padded[:, :-1]).T)]
    return "".join(across + down)


def shrink(mask: Mask, width: int, height: int) -> Mask:
    """A mask on another grid of (height, width), whose pixels are set where any pixel of ``mask`` falls into them."""
    rows, columns = np.nonzero(mask)
    small = np.zeros((height, width), dtype=np.bool_)
    small[rows * height // mask.shape[0], columns * width // mask.shape[1]] = True
    return small


def dilate(mask: Mask, radius: int) -> Mask:
    """A (height, width) mask grown by a disc."""
    grown = np.zeros_like(mask)
    padded = np.pad(mask, radius)
    height, width = mask.shape
    for dy in range(-radius, radius + 1):
        reach = math.isqrt(radius**2 - dy**2)
        for dx in range(-reach, reach + 1):
            grown |= padded[radius + dy : radius + dy + height, radius + dx : radius + dx + width]
    return grown


class _Damage(Exception):
    """What is wrong with a picture, beginning with the frame."""


def _look(data_set: DataSet, manifest: Manifest, frame: int, thumbnail: bool, defects: list[Defect]) -> Look:
    folder = data_set.pair_folder(frame)
    size = manifest.camera.image_px
    color, alpha = _on_black(_read(frame, folder / IMAGE, size))
    classes = _read(frame, folder / MASK, size)
    if classes.ndim != 2 or classes.dtype != np.uint8:
        raise _Damage(f"frame {frame}: {MASK} is not an 8-bit grey PNG")
    opaque = alpha > 0
    # On black, the image is already multiplied by alpha, which the mean weighs by.
    light = float((color.reshape(-1, 3).astype(np.float32).mean(axis=0) @ _REC_709) * alpha.size)
    weight = float(alpha.mean(dtype=np.float64)) * alpha.size / 255
    look = Look(frame, light / weight / 255 if opaque.any() else None)
    look.class_pixels = np.bincount(classes.ravel(), minlength=256)
    if thumbnail:
        look.thumbnail = _thumbnail(frame, color, classes, manifest)
        if manifest.twin is not None:
            look.thumbnail = _with_twin(look.thumbnail, folder, classes, manifest)
    if defects:
        instances = _read(frame, folder / INSTANCES, size)
        if instances.ndim != 2:
            raise _Damage(f"frame {frame}: {INSTANCES} is not a grey PNG")
        look.close_ups = [_close_up(defect, color, instances == defect.id) for defect in defects]
    return look


def _read(frame: int, path: Path, size: tuple[int, int]) -> NDArray[Any]:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.size != tuple(size):
                found, wanted = (" x ".join(map(str, s)) for s in (picture.size, size))
                raise _Damage(f"frame {frame}: {path.name} is {found} pixels, not {wanted}")
            return np.asarray(picture)
    except OSError as error:
        reason = error.strerror or "is no whole PNG"
        raise _Damage(f"frame {frame}: {path.name} cannot be read: {reason}") from None
    except (ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _Damage(f"frame {frame}: {path.name} cannot be decoded: {error}") from None


def _on_black(image: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image laid on black, (height, width, 3) uint8, and its alpha, (height, width) uint8."""
    eight = (image >> 8 if image.dtype != np.uint8 else image).astype(np.uint8)
    if eight.ndim == 2:
        eight = eight[..., None]
    channels = eight.shape[2]
    color = np.repeat(eight[..., :1], 3, axis=2) if channels < 3 else eight[..., :3]
    if channels in (1, 3):
        return color, np.full(eight.shape[:2], 255, dtype=np.uint8)
    alpha = eight[..., -1]
    return ((color.astype(np.uint16) * alpha[..., None] + 127) // 255).astype(np.uint8), alpha


def _thumbnail(frame: int, color: NDArray[np.uint8], classes: NDArray[np.uint8], manifest: Manifest) -> Thumbnail:
    height, width = classes.shape
    scale = min(1.0, THUMBNAIL_PX / max(width, height))
    small_width, small_height = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(color).resize((small_width, small_height), Image.Resampling.BOX)
    outlines = {}
    for label, value in manifest.labels.items():
        if value and (classes == value).any():
            outlines[label] = outline(dilate(shrink(classes == value, small_width, small_height), _HALO_PX))
    return Thumbnail(frame, _webp(small), small_width, small_height, np.asarray(small), outlines)


def _with_twin(thumbnail: Thumbnail, folder: Path, classes: NDArray[np.uint8], manifest: Manifest) -> Thumbnail:
    size, small = manifest.camera.image_px, (thumbnail.width, thumbnail.height)
    twin, _ = _on_black(_read(thumbnail.frame, folder / TWIN, size))
    uri = _webp(Image.fromarray(twin).resize(small, Image.Resampling.BOX))
    if not manifest.measures_visibility:
        return replace(thumbnail, twin=uri)
    visible = _read(thumbnail.frame, folder / VISIBLE, size)
    palette = np.zeros((256, 3))
    for label, color in class_colors(manifest).items():
        palette[manifest.labels[label]] = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    painted = palette[classes] * np.where(visible > 0, 1.0, _UNSEEN)[..., None]
    picture = Image.fromarray(painted.astype(np.uint8)).resize(small, Image.Resampling.BOX)
    return replace(thumbnail, twin=uri, classes=_webp(picture))


def _close_up(defect: Defect, color: NDArray[np.uint8], mask: Mask) -> CloseUp:
    left, top, width, height = defect.bbox
    side = max(_SMALLEST_WINDOW_PX, round(2.2 * max(width, height)))
    x, y = left + width // 2 - side // 2, top + height // 2 - side // 2
    window = (x, y, x + side, y + side)
    # Beyond the image, Pillow crops black.
    picture = Image.fromarray(color).crop(window)
    if side > _CROP_PX:
        picture = picture.resize((_CROP_PX, _CROP_PX), Image.Resampling.BOX)
    inside = np.asarray(Image.fromarray(mask.astype(np.uint8)).crop(window)) > 0
    return CloseUp(defect, _png(picture), side, outline(inside))


def _webp(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", quality=78, method=4)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def _png(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, format="PNG", compress_level=9)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _runs(edges: Mask) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of every run of True in the rows of (n, m)."""
    steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.argwhere(steps == 1), np.argwhere(steps == -1)
    yield from zip(starts[:, 0].tolist(), starts[:, 1].tolist(), (ends[:, 1] - starts[:, 1]).tolist())
