"""Pairs: what must hold of an image, its masks and its record before they are committed, and for ever after."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from manifests.errors import DataSetError, FolderRefused
from manifests.layout import IMAGE, INSTANCES, MASK, PASSES, RECORD, TWIN, VISIBLE, DataSet, pair_files
from manifests.schema import Manifest, Output

from ..develop.passes import read_passes
from ..refusals import read_errors

_GREY, _RGB, _GREY_ALPHA, _RGBA = 0, 2, 4, 6  # colour types of PNG


def check_pair(folder: Path, manifest: Manifest, frame: int) -> None:
    """Read the pair in a folder and check all that can be checked of it.

    Raises:
        DataSetError: what is wrong, beginning with the frame.
        FolderRefused: its files cannot be read now.
    """
    try:
        record = _record(folder / RECORD)
        _check_record(record, manifest, frame)
        for key, name in pair_files(manifest).items():
            _check_hash(folder / name, record["sha256"].get(key))
        width, height = manifest.camera.image_px
        size = (width, height)
        image = _pixels(folder / IMAGE, size, *png_format(manifest.output))
        mask = _pixels(folder / MASK, size, 8, _GREY)
        instances = _pixels(folder / INSTANCES, size, 16, _GREY)
        has_alpha = png_format(manifest.output)[1] in (_GREY_ALPHA, _RGBA)
        _check_image(image, IMAGE, has_alpha)
        _check_masks(mask, instances, record)
        if manifest.twin is not None:
            _check_image(_pixels(folder / TWIN, size, *png_format(manifest.output)), TWIN, has_alpha)
        if manifest.measures_visibility:
            _check_visible(_pixels(folder / VISIBLE, size, 8, _GREY), mask)
        if manifest.output.passes:
            _check_passes(folder / PASSES, manifest.output.passes, size)
    except _Damage as damage:
        raise DataSetError(f"frame {frame}: {damage}") from None


def damaged(data_set: DataSet, manifest: Manifest, frames: list[int]) -> Iterator[tuple[int, str | None]]:
    """Check committed pairs, several at a time.

    Yields:
        Each frame in order and what is wrong with its pair, None where nothing is.

    Raises:
        FolderRefused: one cannot be read now.
    """

    def examine(frame: int) -> tuple[int, str | None]:
        try:
            with data_set.opened(frame) as folder:
                check_pair(folder, manifest, frame)
        except FolderRefused:
            # It cannot be looked at now, which says nothing of the pair.
            raise
        except DataSetError as error:
            return frame, str(error)
        return frame, None

    # Reading, hashing and decoding leave the interpreter's lock, so threads are enough.
    with ThreadPoolExecutor(data_set.readers) as pool:
        yield from pool.map(examine, frames)


def png_format(output: Output) -> tuple[int, int]:
    """Bits per channel and PNG colour type of the camera image."""
    if output.greyscale:
        return output.bit_depth, _GREY if output.flatten else _GREY_ALPHA
    return output.bit_depth, _RGB if output.flatten else _RGBA


class _Damage(Exception):
    """What is wrong with a pair, without its frame."""


def _content(path: Path) -> bytes:
    try:
        with read_errors(path):
            return path.read_bytes()
    except OSError as error:
        raise _Damage(f"{path.name} cannot be read: {error.strerror}") from None


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(_content(path))
    except ValueError:
        raise _Damage(f"{path.name} is no JSON") from None
    if not isinstance(record, dict) or not isinstance(record.get("sha256"), dict):
        raise _Damage(f"{path.name} lacks 'sha256'")
    return record


def _check_record(record: dict[str, Any], manifest: Manifest, frame: int) -> None:
    width, height = manifest.camera.image_px
    expected = {
        "frame": frame,
        "width": width,
        "height": height,
        "labels": manifest.labels,
        "manifest_sha256": manifest.sha256(),
    }
    for key, value in expected.items():
        if record.get(key) != value:
            raise _Damage(f"{RECORD} has {key} {record.get(key)!r}, not {value!r}")


def _check_hash(path: Path, expected: str | None) -> None:
    if hashlib.sha256(_content(path)).hexdigest() != expected:
        raise _Damage(f"{path.name} has changed since it was rendered: its SHA-256 is not the recorded one")


def _pixels(path: Path, size: tuple[int, int], bits: int, color: int) -> NDArray[Any]:
    """Decode a PNG whole; (height, width) or (height, width, channels). Pillow gives 16-bit colour in 8 bits."""
    content = _content(path)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            found = picture.size
            pixels = np.asarray(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise _Damage(f"{path.name} cannot be decoded: {error}") from None
    if found != size:
        raise _Damage(f"{path.name} is {found[0]} x {found[1]} pixels, not {size[0]} x {size[1]}")
    if (content[24], content[25]) != (bits, color):
        raise _Damage(f"{path.name} has {content[24]} bits and PNG colour type {content[25]}, not {bits} and {color}")
    return pixels


def _check_image(pixels: NDArray[Any], name: str, has_alpha: bool) -> None:
    if (pixels == pixels[0, 0]).all():
        raise _Damage(f"{name} is constant: the camera sees no part; check views, backdrop, lights and exposure")
    if has_alpha:
        seen = pixels[..., -1] > 0
        if not pixels[seen][:, :-1].any():
            raise _Damage(f"{name} is black wherever it is not transparent; check lights and exposure")


def _check_masks(mask: NDArray[Any], instances: NDArray[Any], record: dict[str, Any]) -> None:
    classes = np.flatnonzero(np.bincount(mask.ravel(), minlength=1))
    unknown = sorted(set(classes.tolist()) - set(record["labels"].values()))
    if unknown:
        raise _Damage(f"{MASK} holds {unknown[0]}, which is the value of no label")
    ids = np.flatnonzero(np.bincount(instances.ravel(), minlength=1))
    masked = {defect["id"] for defect in record.get("defects", ()) if not defect.get("insignificant")}
    strangers = sorted(set(ids.tolist()) - {0} - masked)
    if strangers:
        raise _Damage(f"{INSTANCES} holds {strangers[0]}, which is the id of no defect")
    if (mask[instances > 0] == 0).any():
        raise _Damage(f"{INSTANCES} marks a defect where {MASK} has background")


def _check_passes(path: Path, wanted: tuple[str, ...], size: tuple[int, int]) -> None:
    try:
        passes = read_passes(path, wanted)
    except DataSetError as error:
        raise _Damage(str(error)) from None
    for name, values in passes.items():
        if values.shape[1::-1] != size:
            raise _Damage(f"{path.name} is {values.shape[1]} x {values.shape[0]} pixels, not {size[0]} x {size[1]}")
        if not np.isfinite(values).all():
            raise _Damage(f"{path.name} holds numbers in {name} that are not finite")


def _check_visible(visible: NDArray[Any], mask: NDArray[Any]) -> None:
    if ((visible != mask) & (visible > 0)).any():
        raise _Damage(f"{VISIBLE} marks what {MASK} does not hold there")
