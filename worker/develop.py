"""Development: from the linear EXR of a frame to its camera image and its masks, outside Blender."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import png
from numpy.typing import NDArray
from PIL import Image

from manifests.errors import DataSetError
from manifests.layout import IMAGE, INSTANCES, MASK, PASSES, pair_files
from manifests.sampling import Table, generator
from manifests.schema import Manifest, Noise, Output

from .masks import decode, measure
from .passes import make_passes, write_passes

_REC_709 = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
# Rendered surfaces are noise to a compressor: level 1 costs a third of the time of level 6 for 3 % more bytes.
_COMPRESSION = 1


def develop(
    exr: Path, folder: Path, manifest: Manifest, table: Table, frame: int, event: dict[str, Any]
) -> dict[str, Any]:
    """Develop a frame into a folder.

    Args:
        exr: as Blender wrote it.
        folder: where the image, the class mask, the instance mask and the passes are written.
        manifest, table: of the data set.
        frame: its number.
        event: what Blender reported of it: the ``defects`` of its instance, and ``poses``.

    Returns:
        ``width``, ``height``, ``labels``, ``defects`` (with ``pixels`` and ``bbox``) and ``sha256`` of the record.

    Raises:
        DataSetError: the EXR cannot be read, as after a crash or on a full disk.
    """
    channels = read_channels(exr)
    light, labels = image_and_labels(exr, channels)
    image = camera_image(light, manifest, table, frame)
    defects = event["defects"]
    masks = decode(labels, manifest, defects)
    write_png(folder / IMAGE, image)
    write_png(folder / MASK, masks.classes)
    write_png(folder / INSTANCES, masks.instances)
    if manifest.output.passes:
        write_passes(folder / PASSES, make_passes(channels, manifest.output.passes, event["poses"]["camera"]))
    names = pair_files(manifest)
    return {
        "width": image.shape[1],
        "height": image.shape[0],
        "labels": manifest.labels,
        "defects": measure(masks, defects),
        "sha256": {key: hashlib.sha256((folder / name).read_bytes()).hexdigest() for key, name in names.items()},
    }


def read_exr(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear light (height, width, 4), alpha premultiplied, and labels (height, width, 3) of a rendered frame.

    Raises:
        DataSetError: the file is damaged or lacks a channel.
    """
    return image_and_labels(path, read_channels(path))


def read_channels(path: Path) -> dict[str, NDArray[np.float32]]:
    """Channels (height, width) of a rendered frame by name, such as ``Image.Combined.R``.

    Raises:
        DataSetError: the file is damaged.
    """
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            # One part up to Blender 4.5, one for each pass from 5.0 on.
            return {name: c.pixels for part in file.parts for name, c in part.channels.items()}
    except (OSError, RuntimeError, ValueError) as error:
        raise _damaged(path, error) from None


def image_and_labels(
    path: Path, channels: dict[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of a frame's channels what :func:`read_exr` gives; raises DataSetError where the file lacks one."""
    labels = "Image.Labels" if "Image.Labels.R" in channels else "Labels.Combined"
    try:
        light = np.stack([channels[f"Image.Combined.{c}"] for c in "RGBA"], axis=-1)
        return light, np.stack([channels[f"{labels}.{c}"] for c in "RGB"], axis=-1)
    except KeyError as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataSetError:
    return DataSetError(f"{path}: Blender left a damaged EXR ({str(error).splitlines()[0]})")


def camera_image(light: NDArray[np.float32], manifest: Manifest, table: Table, frame: int) -> NDArray[Any]:
    """What the camera makes of the light.

    Args:
        light: (height, width, 4) linear, alpha premultiplied.
        manifest, table, frame: for the output's settings and draws.

    Returns:
        (height, width[, channels]) uint8 or uint16: grey, RGB, or either with straight alpha.
    """
    output = manifest.output
    alpha = light[..., 3:]
    color = light[..., :3] * np.float32(2.0 ** table.field("output.exposure_stops", frame))
    if output.flatten:
        color = color + (1 - alpha) * np.array(output.background, dtype=np.float32)
    else:
        color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    if output.greyscale:
        color = color @ _REC_709[:, None]
    if output.noise is not None:
        color = _sensor_noise(color, output.noise, manifest.seed, frame)
    values = encode(color, output)
    if not output.flatten:
        values = np.concatenate([np.where(alpha > 0, values, np.float32(0)), np.clip(alpha, 0, 1)], axis=-1)
    white = 2**output.bit_depth - 1
    pixels: NDArray[Any] = np.rint(values * white).astype(np.uint16 if output.bit_depth == 16 else np.uint8)
    return pixels


def encode(linear: NDArray[np.float32], output: Output) -> NDArray[np.float32]:
    """Light to pixel values, 0 to 1, by the output's view transform; the sRGB curve is that of IEC 61966-2-1."""
    light = np.clip(linear, 0, 1)
    if output.view_transform == "linear":
        return light
    if output.view_transform == "gamma":
        light **= np.float32(1 / output.gamma)
        return light
    curve = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, np.float32(12.92) * light, curve)


def write_png(path: Path, pixels: NDArray[Any]) -> None:
    """Write (height, width[, channels]) uint8 or uint16 as PNG; the same pixels give the same bytes."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype == np.uint16 and channels > 1:  # Pillow writes colour in 8 bits only
        height, width = pixels.shape[:2]
        writer = png.Writer(
            width, height, greyscale=channels < 3, alpha=channels in (2, 4), bitdepth=16, compression=_COMPRESSION
        )
        with path.open("wb") as stream:
            writer.write_packed(stream, (row.astype(">u2").tobytes() for row in pixels))
        return
    flat = pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels
    Image.fromarray(flat).save(path, format="PNG", compress_level=_COMPRESSION)


def _sensor_noise(color: NDArray[np.float32], noise: Noise, seed: int, frame: int) -> NDArray[np.float32]:
    """Shot noise and read noise of a sensor, whose white is a full well."""
    normal = generator(seed, "@noise", frame).standard_normal(color.shape, dtype=np.float32)
    well = np.float32(noise.full_well_e)
    electrons = np.maximum(color, 0) * well
    noisy: NDArray[np.float32] = (electrons + np.sqrt(electrons + np.float32(noise.read_noise_e**2)) * normal) / well
    return noisy
