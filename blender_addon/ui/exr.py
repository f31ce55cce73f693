"""Renders read back inside Blender, which shows the layers of an EXR to people but not to Python. No Blender in here.

Source: OpenEXR file layout (openexr.com, Technical Introduction): scan lines, uncompressed or deflated, in one part or
several; just what the extension's own renders are.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import errors

_MAGIC, _MULTIPART = 20000630, 0x1000
_LINES = {0: 1, 2: 1, 3: 16}
"""Scan lines in a block, by compression: none, ZIPS, ZIP."""
_TYPES = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}

Floats = NDArray[np.float32]


def read_frame(path: Path) -> tuple[Floats, NDArray[np.int32]]:
    """Light and ids of a rendered frame; the first row is the uppermost.

    Ids are those of the part's labels: of a defect, -1 - i of the i-th impurity, 0 where there is neither. Where two
    ids share a pixel the result is what their mean rounds to: good enough to be looked at, and exact at one sample.

    Returns:
        (height, width, 4) linear light, alpha premultiplied; (height, width) the id that covers most of a pixel.

    Raises:
        DataSetError: the file is damaged, of another kind or lacks a channel.
    """
    try:
        return _image_and_ids(_read(path.read_bytes()))
    except OSError as problem:
        raise errors.DataSetError(f"{path}: cannot be read: {problem.strerror}") from None
    except (struct.error, zlib.error, ValueError, KeyError, IndexError) as problem:
        raise errors.DataSetError(f"{path}: is a damaged EXR ({problem})") from None


def _image_and_ids(channels: dict[str, Floats]) -> tuple[Floats, NDArray[np.int32]]:
    light = np.stack([channels[f"Image.Combined.{c}"] for c in "RGBA"], axis=-1)
    labels = "Image.Labels" if "Image.Labels.R" in channels else "Labels.Combined"
    total, covered = channels[f"{labels}.R"], channels[f"{labels}.B"]
    ids = np.rint(np.divide(total, covered, out=np.zeros_like(total), where=covered > 0)).astype(np.int32)
    return light, np.where(covered >= 0.5, ids, 0)


def _read(data: bytes) -> dict[str, Floats]:
    magic, version = struct.unpack_from("<II", data)
    if magic != _MAGIC:
        raise ValueError("no EXR")
    at, headers = 8, []
    while True:
        header, at = _header(data, at)
        if not header:  # an empty one ends the list of several
            break
        headers.append(header)
        if not version & _MULTIPART:
            break
    found: dict[str, Floats] = {}
    for header in headers:
        left, top, right, bottom = struct.unpack("<4i", header["dataWindow"])
        lines = _LINES[header["compression"][0]]
        blocks = -(-(bottom - top + 1) // lines)
        starts = struct.unpack_from(f"<{blocks}Q", data, at)
        at += 8 * blocks
        skip = 4 if version & _MULTIPART else 0
        prefix = header["name"].decode() + "." if "name" in header and skip else ""
        channels = [(_full(prefix, name), _TYPES[kind]) for name, kind in _channels(header["channels"])]
        height, width = bottom - top + 1, right - left + 1
        for name, _ in channels:
            found[name] = np.zeros((height, width), dtype=np.float32)
        for start in starts:
            y, size = struct.unpack_from("<ii", data, start + skip)
            rows = min(lines, bottom - y + 1)
            raw = _inflate(
                data[start + skip + 8 : start + skip + 8 + size], rows * width * sum(k.itemsize for _, k in channels)
            )
            place = 0
            for row in range(y - top, y - top + rows):
                for name, kind in channels:
                    found[name][row] = np.frombuffer(raw, kind, width, place)
                    place += width * kind.itemsize
    return found


def _full(prefix: str, name: str) -> str:
    # A part's name is already at the head of its channels' names in some versions of Blender, and not in others.
    return name if name.startswith(prefix) else prefix + name


def _header(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    """Attributes by name, and where what follows begins."""
    attributes: dict[str, Any] = {}
    while data[at]:
        name_end = data.index(b"\0", at)
        type_end = data.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<i", data, type_end + 1)
        attributes[data[at:name_end].decode()] = data[type_end + 5 : type_end + 5 + size]
        at = type_end + 5 + size
    return attributes, at + 1


def _channels(packed: bytes) -> list[tuple[str, int]]:
    found, at = [], 0
    while packed[at]:
        end = packed.index(b"\0", at)
        found.append((packed[at:end].decode(), struct.unpack_from("<i", packed, end + 1)[0]))
        at = end + 17
    return found


def _inflate(packed: bytes, size: int) -> bytes:
    if len(packed) == size:  # what would not have become smaller is stored as it is
        return packed
    coded = np.frombuffer(zlib.decompress(packed), np.uint8).astype(np.int64)
    coded[1:] -= 128
    bytes_ = np.cumsum(coded).astype(np.uint8)
    out = np.empty(len(bytes_), dtype=np.uint8)
    half = (len(bytes_) + 1) // 2
    out[0::2], out[1::2] = bytes_[:half], bytes_[half:]
    return out.tobytes()
