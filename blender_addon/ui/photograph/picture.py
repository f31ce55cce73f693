"""The photograph's pixels, read once from its file; nothing of it is kept in Blender's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...contract import encoding, errors, schema

_MOST_PX = 2048
"""Longest side that is kept: more is no help on a screen, and pixels are matched in those of the file all the same."""


@dataclass(frozen=True)
class Picture:
    """A photograph.

    Attributes:
        path: of its file.
        size_px: width and height in the file.
        values: (height, width, 3) pixel values, 0 to 1, top row first; thinned out where it is large.
    """

    path: str
    size_px: tuple[int, int]
    values: NDArray[np.float32]


held: Picture | None = None


def read(path: str) -> Picture:
    """The photograph of a file; that read last is at hand.

    Raises:
        DataSetError: there is none, or it is no image.
    """
    global held
    if held is not None and held.path == path:
        return held
    file = Path(bpy.path.abspath(path))
    if not file.is_file():
        raise errors.DataSetError(f"{file}: there is no such photograph; load it again")
    try:
        image = bpy.data.images.load(str(file))
    except RuntimeError:
        raise errors.DataSetError(f"{file}: is no image that Blender can read") from None
    try:
        width, height = image.size
        if not width or not height:
            raise errors.DataSetError(f"{file}: is no image that Blender can read")
        values = pixels(image)[..., :3]
        if image.is_float:  # 16 bits a channel: Blender has made light of them
            values = encoding.encode(values, schema.Output())
    finally:
        bpy.data.images.remove(image)
    step = -(-max(width, height) // _MOST_PX)
    held = Picture(path, (width, height), np.ascontiguousarray(values[step // 2 :: step, step // 2 :: step]))
    return held


def pixels(image: bpy.types.Image) -> NDArray[np.float32]:
    """(height, width, 4) of an image, top row first."""
    width, height = image.size
    values = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, 4)[::-1]


def forget() -> None:
    """Let go of the photograph."""
    global held
    held = None
