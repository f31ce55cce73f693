"""Development: from the linear EXR of a frame to its camera image and its masks, outside Blender."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import png
from numpy.typing import NDArray
from PIL import Image

from manifests.digests import file_sha256
from manifests.errors import DataSetError
from manifests.layout import IMAGE, INSTANCES, MASK, PASSES, TWIN, VISIBLE, pair_files
from manifests.sampling import Table
from manifests.schema import Manifest

from .backgrounds import make_background
from .camera import camera_image, expose
from .masks import Masks, decode, measure
from .passes import make_passes, write_passes
from .regions import window
from .visibility import TwinPairs, measure_visibility

# Rendered surfaces are noise to a compressor: level 1 costs a third of the time of level 6 for 3 % more bytes.
_COMPRESSION = 1
_ROUNDING = 1e-3


def develop(exr: Path, folder: Path, table: Table, frame: int, event: dict[str, Any], assets: Path) -> dict[str, Any]:
    """Develop a frame into a folder.

    Args:
        exr: as Blender wrote it.
        folder: where the files of the pair are written.
        table: values of the data set's manifest.
        frame: its number.
        event: what Blender reported of it: the ``defects`` of its instance, ``poses`` and the EXRs of its twin.
        assets: folder of the data set's assets.

    Returns:
        ``width``, ``height``, ``labels``, ``defects`` (with ``pixels``, ``bbox`` and, where a twin tells, ``contrast``
        and ``visible``) and ``sha256`` of the record.

    Raises:
        DataSetError: the EXR cannot be read, as after a crash or on a full disk; or there is nothing to see in it.
    """
    channels = read_channels(exr, frame)
    light, labels = image_and_labels(exr, channels)
    check_light(light)
    check_labels(labels)
    manifest, passes, defects = table.manifest, table.manifest.output.passes, event["defects"]
    background = make_background(manifest, frame, assets)
    masks = decode(labels, manifest, defects)
    if passes:
        write_passes(folder / PASSES, make_passes(channels, passes, event["poses"]["camera"]))
    if manifest.twin is not None:
        twin, _ = read_exr(Path(event["twin"]))
        write_png(folder / TWIN, camera_image(twin, manifest, table, frame, background))
        if manifest.measures_visibility:
            again = [read_exr(Path(event[name]))[0] for name in ("image_again", "twin_again")]
            exposed = (expose(one, manifest, table, frame, background) for one in (light, twin, *again))
            sight = measure_visibility(TwinPairs(*exposed), masks, manifest, defects)
            write_png(folder / VISIBLE, sight.classes)
            defects = [defect | sight.defects.get(defect["id"], {}) for defect in defects]
    image = camera_image(light, manifest, table, frame, background)
    return write_pictures(image, masks, folder, manifest, defects)


def write_pictures(
    image: NDArray[Any], masks: Masks, folder: Path, manifest: Manifest, defects: list[dict[str, Any]]
) -> dict[str, Any]:
    """Write camera image and masks of a frame beside its other files; arguments and result as of :func:`develop`."""
    write_png(folder / IMAGE, image)
    write_png(folder / MASK, masks.classes)
    write_png(folder / INSTANCES, masks.instances)
    names = pair_files(manifest)
    return {
        "width": image.shape[1],
        "height": image.shape[0],
        "labels": manifest.labels,
        "defects": measure(masks, defects),
        "sha256": {key: file_sha256(folder / name) for key, name in names.items()},
    }


def read_exr(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear light (height, width, 4), alpha premultiplied, and labels (height, width, 3) of a rendered frame.

    Raises:
        DataSetError: the file is damaged or lacks a channel.
    """
    return image_and_labels(path, read_channels(path))


def check_light(light: NDArray[np.float32]) -> None:
    """Make sure that light shows something.

    An image that is flattened on a background no longer tells where the part was, so this looks at the light.

    Args:
        light: (height, width, 4) linear, alpha premultiplied.

    Raises:
        DataSetError: it is not finite, shows no part, or is black where the part is.
    """
    if not np.isfinite(light).all():
        raise DataSetError("the render holds pixels that are no numbers; check materials and lights")
    seen = light[..., 3] > 0
    if not seen.any():
        raise DataSetError("the camera sees no part; check views and part pose")
    if not (_lit(light[..., :3]) & seen).any():
        raise DataSetError("the render is black wherever the part is; check lights")


def check_labels(labels: NDArray[np.float32]) -> None:
    """Make sure that labels are moments of ids, as masks are decoded from them whatever they are.

    Args:
        labels: (height, width, 3): id, its square and coverage, each the mean over a pixel's samples.

    Raises:
        DataSetError: coverage is no share, or the moments contradict the inequality of Cauchy and Schwarz.
    """
    marked = labels[window(_lit(labels))]
    mean, square, covered = (marked[..., k].astype(np.float64) for k in range(3))
    shares = (covered >= 0) & (covered <= 1 + _ROUNDING)
    if not (shares & (mean**2 <= square * covered * (1 + _ROUNDING) + _ROUNDING)).all():
        raise DataSetError("the labels of the render are no ids: the file is damaged, or something draws over them")


def _lit(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where any channel of (height, width, channels) is not 0; ``any`` takes long over an axis so short."""
    return reduce(np.logical_or, np.moveaxis(pixels, 2, 0) != 0)


def read_channels(path: Path, frame: int | None = None) -> dict[str, NDArray[np.float32]]:
    """Channels (height, width) of a rendered frame by name, such as ``Image.Combined.R``.

    Args:
        path: of the EXR.
        frame: that it must be of, as Blender stamps it; None: any.

    Raises:
        DataSetError: the file is damaged, or of another frame.
    """
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            # Of nothing at all the library makes a file without parts.
            stamp = file.parts[0].header.get("Frame") if file.parts else None
            if frame is not None and stamp is not None and int(stamp) != frame:
                raise DataSetError(f"{path}: Blender left frame {int(stamp)} in place of frame {frame}")
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
        raise _damaged(path, ValueError(f"no channel {error}")) from None


def _damaged(path: Path, error: Exception) -> DataSetError:
    return DataSetError(f"{path}: Blender left a damaged EXR ({str(error).splitlines()[0]})")


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
