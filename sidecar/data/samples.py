"""Samples: a picture, its mask, and what must not be torn apart; and the checks that every mask goes through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from manifests.errors import DataSetError

from .passes import read_pass

Bytes: TypeAlias = npt.NDArray[np.uint8]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Sample:
    """One picture of a source.

    Attributes:
        source: name of the source in the config.
        name: of the sample, unique within its source.
        image: file.
        group: instance or object: samples of one group are never on two sides of a split.
        mask: file of its class mask, or of its LabelMe polygons; None where there is none.
        good: whether the source says that nothing is wrong with it, so that it needs no mask.
        classes: class by pixel value of the mask, or by LabelMe label.
        shows: classes that are known to be in its mask, or None where only the mask can tell.
        acceptable: classes of it that the source says are no defects.
        instances: file of its instance mask, 16 bit, or None.
        defects: what the source says of each defect, by its number in the instance mask.
        side: ``train``, ``val`` or ``test`` where the folder itself says so, else empty.
        view: which view of the plan it is, else empty; thresholds may differ by it.
        layer: which pass of the file is the picture, where the file is an EXR of passes; else empty.
    """

    source: str
    name: str
    image: Path
    group: str
    mask: Path | None = None
    good: bool = False
    classes: Mapping[Any, str] = field(default_factory=dict, hash=False)
    shows: frozenset[str] | None = None
    acceptable: frozenset[str] = frozenset()
    instances: Path | None = None
    defects: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    side: str = ""
    view: str = ""
    layer: str = ""


def read_picture(sample: Sample) -> tuple[Bytes, Bytes | None]:
    """The picture of a sample, as :func:`read_image` gives it: its image, or the pass that stands for it.

    Raises:
        DataSetError: there is no such file or pass, or it is no picture.
    """
    return read_pass(sample.image, sample.layer) if sample.layer else read_image(sample.image)


def read_image(path: Path) -> tuple[Bytes, Bytes | None]:
    """Read a picture.

    Returns:
        (H, W, 1) grey or (H, W, 3) RGB, 8 bit, laid on black where it is transparent; and its alpha (H, W), or None
        where it has none. 16 bits a channel are cut to 8.

    Raises:
        DataSetError: there is no such file, or it is no picture.
    """
    raw = _decode(path)
    if raw.dtype == np.uint16:
        raw = (raw >> 8).astype(np.uint8)
    if raw.dtype != np.uint8:
        raise DataSetError(f"{path}: has {raw.dtype} pixels; 8 or 16 bits a channel are needed")
    if raw.ndim == 2:
        return raw[:, :, None], None
    if raw.shape[2] == 4:
        alpha = raw[:, :, 3]
        color = raw[:, :, 2::-1].astype(np.uint16) * alpha[:, :, None]
        return ((color + 127) // 255).astype(np.uint8), alpha
    return np.ascontiguousarray(raw[:, :, ::-1]), None


def read_mask(sample: Sample, classes: Mapping[str, int], height: int, width: int) -> Bytes:
    """Read a class mask and check it.

    Args:
        sample: whose mask.
        classes: number of each class in the result, from 1; every other class of the sample becomes 0.
        height, width: of its picture.

    Returns:
        (height, width), 0 where nothing is.

    Raises:
        DataSetError: there is no mask, it has another size than its picture, or a label that the source does not know.
    """
    if sample.mask is None:
        if sample.good:
            return np.zeros((height, width), np.uint8)
        raise DataSetError(f"{sample.image}: has no mask; masks are needed here")
    if sample.mask.suffix == ".json":
        return _rasterise(sample, classes, height, width)
    raw = _decode(sample.mask)
    if raw.ndim == 3:
        if not (raw[:, :, :3] == raw[:, :, :1]).all():
            raise DataSetError(f"{sample.mask}: is a colour picture; a mask has one number a pixel")
        raw = raw[:, :, 0]
    if raw.shape != (height, width):
        size = f"{raw.shape[1]} x {raw.shape[0]}"
        raise DataSetError(f"{sample.mask}: is {size} px, but its picture {sample.image.name} is {width} x {height} px")
    return _relabel(raw, sample, classes)


def read_instances(sample: Sample, height: int, width: int) -> npt.NDArray[np.uint16] | None:
    """Which defect each pixel shows, (height, width), 0 for none; None where the sample has no instance mask.

    Raises:
        DataSetError: the mask cannot be read, or has another size than its picture.
    """
    if sample.instances is None:
        return None
    raw = _decode(sample.instances)
    if raw.shape != (height, width):
        raise DataSetError(f"{sample.instances}: is not of the size of its picture, {width} x {height} px")
    return raw.astype(np.uint16)


def _relabel(raw: npt.NDArray[Any], sample: Sample, classes: Mapping[str, int]) -> Bytes:
    values = np.unique(raw)
    result = np.zeros(raw.shape, np.uint8)
    # One class only: the mask may be 0 and 1, as we write it, or 0 and 255, as a paint program does.
    single = next(iter(sample.classes.values())) if set(sample.classes) == {1} else None
    for value in values.tolist():
        if value == 0:
            continue
        name = single if value == 255 and 1 not in values and single is not None else sample.classes.get(value)
        if name is None:
            known = ", ".join(str(v) for v in sample.classes)
            also = " (or 255)" if single else ""
            raise DataSetError(f"{sample.mask}: has label {value}; known are 0, {known}{also}")
        result[raw == value] = classes.get(name, 0)
    return result


def _rasterise(sample: Sample, classes: Mapping[str, int], height: int, width: int) -> Bytes:
    assert sample.mask is not None
    data = read_labelme(sample.mask)
    size = data.get("imageWidth", width), data.get("imageHeight", height)
    if size != (width, height):
        raise DataSetError(
            f"{sample.mask}: was drawn on {size[0]} x {size[1]} px, but its picture is {width} x {height} px"
        )
    result = np.zeros((height, width), np.uint8)
    for k, shape in enumerate(data["shapes"]):
        number = classes.get(str(shape.get("label")), 0)
        points = np.asarray(shape.get("points", []), np.float64).reshape(-1, 2)
        _draw(result, str(shape.get("shape_type") or "polygon"), points, number, f"{sample.mask}: shapes[{k}]")
    return result


def _draw(result: Bytes, kind: str, points: npt.NDArray[np.float64], number: int, where: str) -> None:
    # A pixel's centre is at a half in LabelMe and at a whole number in OpenCV.
    corners, color = np.round(points - 0.5).astype(np.int32), (number,)
    if kind == "polygon" and len(points) >= 3:
        cv2.fillPoly(result, [corners], color)
    elif kind == "rectangle" and len(points) == 2:
        cv2.rectangle(result, tuple(corners.min(0).tolist()), tuple(corners.max(0).tolist()), color, cv2.FILLED)
    elif kind == "circle" and len(points) == 2:
        radius = round(float(np.hypot(*(points[1] - points[0]))))
        cv2.circle(result, tuple(corners[0].tolist()), radius, color, cv2.FILLED)
    elif kind in ("line", "linestrip") and len(points) >= 2:
        cv2.polylines(result, [corners], False, color)
    else:
        raise DataSetError(f"{where}: a {kind} of {len(points)} points cannot be drawn; use polygons")


def read_labelme(path: Path) -> dict[str, Any]:
    """The content of a LabelMe file, which has ``shapes``.

    Raises:
        DataSetError: it is no LabelMe file.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise DataSetError(f"{path}: is no LabelMe file") from None
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise DataSetError(f"{path}: is no LabelMe file: it has no list of shapes")
    return data


def _decode(path: Path) -> npt.NDArray[Any]:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read: {error.strerror}") from None
    raw: npt.NDArray[Any] | None = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if len(content) else None
    if raw is None:
        raise DataSetError(f"{path}: is no picture, or a damaged one")
    return raw
