"""What a pass of ``passes.exr`` looks like to a model: albedo and normals as S3 gives them to its autoencoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR

from manifests.errors import DataSetError

Bytes = npt.NDArray[np.uint8]

LETTERS = {"albedo": "RGB", "normal": "XYZ", "normal_camera": "XYZ"}
"""Passes that are pictures, and the letters of their channels."""


def read_pass(path: Path, name: str) -> tuple[Bytes, Bytes]:
    """Read a pass as a picture.

    Args:
        path: of a pair's ``passes.exr``.
        name: one of LETTERS.

    Returns:
        (H, W, 3), the albedo of 0..1 or a normal's -1..1 as 0..255, black beside the part; and the part's share of each
        pixel (H, W), 0 to 255.

    Raises:
        DataSetError: there is no such file, or it lacks the pass.
    """
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels: dict[str, Any] = {key: channel.pixels for key, channel in file.channels().items()}
    except Exception as error:
        raise DataSetError(f"{path}: cannot be read; render with 'output.passes: [{name}]' ({error})") from None
    wanted = [f"{name}.{letter}" for letter in LETTERS[name]]
    if not channels.keys() >= {*wanted, "coverage.A"}:
        raise DataSetError(f"{path}: has no pass '{name}'; render with 'output.passes: [{name}]'")
    values = np.stack([channels[key] for key in wanted], axis=2)
    bright = values if name == "albedo" else (values + 1) / 2
    part = channels["coverage.A"] > 0
    picture = np.rint(255 * np.clip(bright, 0, 1)).astype(np.uint8) * part[:, :, None]
    return picture, np.rint(255 * np.clip(channels["coverage.A"], 0, 1)).astype(np.uint8)
