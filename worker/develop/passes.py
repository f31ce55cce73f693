"""Passes: measurements of the surface in each pixel, made from a rendered frame and kept beside its image.

The file has a channel ``coverage.A``, the share of the pixel that shows the part, and for each pass of the manifest:
``albedo.R/G/B``, ``normal.X/Y/Z``, ``normal_camera.X/Y/Z``, ``depth.Z``, ``position.X/Y/Z``. A pixel holds the mean of
its samples on the part, weighed by nothing but the image's own filter; a normal is brought back to length 1. Where
``coverage.A`` is 0 so is all the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from manifests.errors import DataSetError

Floats = NDArray[np.float32]

CHANNELS = {"albedo": "RGB", "normal": "XYZ", "normal_camera": "XYZ", "depth": "Z", "position": "XYZ"}
"""Each pass and the letters of its channels."""

COVERAGE = "coverage"
_MM = np.float32(1000.0)  # in a metre, Blender's unit


def make_passes(channels: dict[str, Floats], wanted: tuple[str, ...], camera: dict[str, Any]) -> dict[str, Floats]:
    """Passes of a frame.

    Args:
        channels: of the EXR that Blender wrote, by name, (height, width) each.
        wanted: the manifest's ``output.passes``.
        camera: its pose in the frame, ``location_mm`` and ``rotation``.

    Returns:
        For each pass and ``coverage`` its (height, width[, 3]) float32: the albedo from 0 to 1, diffuse and specular
        colour together; normals as unit vectors, in the scene's axes or the camera's (right, up, back); the depth in
        mm along the camera's axis, not along the ray; the position in mm in the scene.
    """
    coverage = channels["Image.Combined.A"]

    def mean(*names: str) -> Floats:
        """Of a pass over the part's samples; its name depends on the version of Blender."""
        name = next(n for n in names if any(f"Image.{n}.{letters[0]}" in channels for letters in ("RGB", "XYZ")))
        letters = "RGB" if f"Image.{name}.R" in channels else "XYZ"
        total = np.stack([channels[f"Image.{name}.{letter}"] for letter in letters], axis=-1)
        return np.divide(total, coverage[..., None], out=np.zeros_like(total), where=coverage[..., None] > 0)

    axes, eye_mm = np.array(camera["rotation"]), np.array(camera["location_mm"])
    passes: dict[str, Floats] = {COVERAGE: coverage}
    if "albedo" in wanted:
        passes["albedo"] = mean("Diffuse Color", "DiffCol") + mean("Glossy Color", "GlossCol")
    if {"normal", "normal_camera"} & {*wanted}:
        normal = mean("Normal")
        length = np.linalg.norm(normal, axis=-1, keepdims=True)
        passes["normal"] = np.divide(normal, length, out=np.zeros_like(normal), where=length > 0)
        passes["normal_camera"] = (passes["normal"] @ axes).astype(np.float32)
    if {"depth", "position"} & {*wanted}:
        passes["position"] = mean("Places") * _MM
        depth = (eye_mm - passes["position"]) @ axes[:, 2]
        passes["depth"] = np.where(coverage > 0, depth, 0.0).astype(np.float32)
    return {name: passes[name] for name in (COVERAGE, *wanted)}


def write_passes(path: Path, passes: dict[str, Floats]) -> None:
    """Write passes as one EXR of 32-bit floats; the same passes give the same bytes."""
    write_floats(path, {name: (values, CHANNELS.get(name, "A")) for name, values in passes.items()})


def write_floats(path: Path, layers: dict[str, tuple[NDArray[Any], str]]) -> None:
    """Write layers (height, width[, channels]), each with the letters of its channels, as one EXR of 32-bit floats."""
    channels = {}
    for name, (values, letters) in layers.items():
        for k, letter in enumerate(letters):
            plane = values[..., k] if values.ndim == 3 else values
            channels[f"{name}.{letter}"] = np.ascontiguousarray(plane, dtype=np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def read_passes(path: Path, wanted: tuple[str, ...]) -> dict[str, Floats]:
    """The passes of a file, as :func:`make_passes` gives them.

    Args:
        path: of the file.
        wanted: those that it must hold, no more and no fewer.

    Raises:
        DataSetError: the file cannot be read or holds other channels; begins with its name.
    """
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels = {name: channel.pixels for name, channel in file.channels().items()}
    except (OSError, RuntimeError, ValueError) as error:
        raise DataSetError(f"{path.name} cannot be decoded: {str(error).splitlines()[0]}") from None
    names = {name: _channels_of(name) for name in (COVERAGE, *wanted)}
    expected = {channel for group in names.values() for channel in group}
    if set(channels) != expected:
        raise DataSetError(f"{path.name} has the channels {', '.join(sorted(channels))}, not those of its manifest")
    return {
        name: np.stack([channels[c] for c in group], axis=-1) if len(group) > 1 else channels[group[0]]
        for name, group in names.items()
    }


def _channels_of(name: str) -> list[str]:
    return [f"{name}.{letter}" for letter in CHANNELS.get(name, "A")]
