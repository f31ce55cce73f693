"""Relief: normals, slopes and curvature of every view, from its light states and from its passes (S3).

OUT has a folder for each instance, view and repeat, named by the first of its frames::

    OUT/0000120/relief.exr      32-bit floats; see below
               /normal.png      normals as colours: right red, up green, towards the camera blue
               /gradient.png    steepness of the slopes, black where level
               /curvature.png   grey where level, brighter on bumps, darker in hollows
               /relief.json     frames that it is made of, scales of the pictures, error of the normals

``relief.exr`` has the layers ``normal.X/Y/Z`` (camera's right, up, back), ``albedo.V``, ``gradient.X/Y`` (slopes p
and q), ``curvature.V`` (1/mm) and ``solved.V`` (1 where there is a normal) from the light states, where there are three
or more; and from the passes, where there are any, ``truth_normal``, ``truth_gradient`` and ``truth_curvature``.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import png
from numpy.typing import NDArray
from PIL import Image

from manifests.encoding import decode
from manifests.errors import DataSetError
from manifests.layout import IMAGE, PASSES, DataSet, disk_errors
from manifests.sampling import Table
from manifests.schema import Manifest

from .. import parts
from ..data_sets import open_data_set
from ..develop.camera import white_level
from ..develop.passes import COVERAGE, read_passes, write_floats
from .lamps import lamp_vectors
from .photometric import normals
from .shape import curvature, gradients

Floats = NDArray[np.float64]

_SHADOW = 0.02  # of the brightest state of a pixel, below which a state counts as shadow
_LEAST_STATES = 3
_SHOWN = 99.0  # per cent of a picture's values that its grey levels hold


@dataclass(frozen=True)
class Task:
    """What there is to do.

    Attributes:
        sets: frames of each instance, view and repeat, one of each light state.
        missing: those that OUT lacks.
    """

    data_set: DataSet
    table: Table
    out: Path
    sets: list[tuple[int, ...]]
    missing: list[tuple[int, ...]]


def open_task(folder: Path, out: Path) -> Task:
    """Look at what there is to do, without doing any of it.

    Raises:
        DataSetError: there is no data set, it is incomplete, or it has neither light states nor normals.
        ManifestError: the manifest has been damaged.
    """
    data_set, manifest = open_data_set(folder)
    if manifest.light_count < _LEAST_STATES and not _has_normals(manifest):
        raise DataSetError(
            f"{folder}: has neither {_LEAST_STATES} light states nor normals; state `light_states` or `output.passes`"
        )
    absent = manifest.frame_count - len(set(range(manifest.frame_count)) & set(data_set.complete_frames()))
    if absent:
        again = f"'defectory resume {folder}' renders them"
        raise DataSetError(f"{folder}: {absent} of {manifest.frame_count} pairs are missing; {again}")
    frames = np.arange(manifest.frame_count).reshape(-1, manifest.light_count, manifest.repeats)
    sets = [tuple(row) for row in frames.transpose(0, 2, 1).reshape(-1, manifest.light_count).tolist()]
    table = parts.table(manifest, parts.prepared_file(data_set))
    return Task(data_set, table, out, sets, [each for each in sets if not _place(out, each).is_dir()])


def make_reliefs(task: Task) -> Iterator[Path]:
    """Make what is missing, one folder after the other; each appears whole or not at all.

    Raises:
        DataSetError: a pair is damaged, the camera moves from state to state, or OUT cannot be written.
        ManifestError: a light without a direction burns.
    """
    for frames in task.missing:
        place = _place(task.out, frames)
        scratch = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
        with disk_errors(place):
            scratch.mkdir(parents=True)
            try:
                _make(task, frames, scratch)
                scratch.rename(place)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        yield place


def _place(out: Path, frames: tuple[int, ...]) -> Path:
    return out / f"{frames[0]:07d}"


def _has_normals(manifest: Manifest) -> bool:
    return bool({"normal", "normal_camera"} & {*manifest.output.passes})


def _make(task: Task, frames: tuple[int, ...], folder: Path) -> None:
    data_set, table, first = task.data_set, task.table, frames[0]
    manifest = table.manifest
    pose = data_set.record(first)["poses"]["camera"]
    for frame in frames[1:]:
        if data_set.record(frame)["poses"] != data_set.record(first)["poses"]:
            raise DataSetError(f"frame {frame}: camera or part moved since frame {first}; draw them by scope instance")
    wanted = manifest.output.passes
    passes = read_passes(data_set.pair_folder(first) / PASSES, wanted) if wanted else {}
    points_mm, depth_mm = _surface(table, first, pose, passes)
    sensor_mm = manifest.camera.region()[2] * manifest.camera.sensor_width_mm / manifest.camera.sensor_px[0]
    pitch_mm = depth_mm * sensor_mm / manifest.camera.image_px[0] / table.field("camera.focal_length_mm", first)
    layers: dict[str, tuple[Floats, str]] = {}
    facts: dict[str, Any] = {"frames": frames}
    if manifest.light_count >= _LEAST_STATES:
        pixels = [_read(data_set.pair_folder(frame) / IMAGE, manifest) for frame in frames]
        whole = np.all([alpha for _, _, alpha in pixels], axis=0)
        if COVERAGE in passes:
            whole &= passes[COVERAGE] > 0.999
        exposure = [2.0 ** table.field("output.exposure_stops", frame) for frame in frames]
        light = np.stack([shade / stop for (shade, _, _), stop in zip(pixels, exposure)])
        lit = np.stack([~white for _, white, _ in pixels]) & (light > _SHADOW * light.max(axis=0)) & whole
        lamps = np.stack([lamp_vectors(table, frame, points_mm, pose) for frame in frames])
        normal, albedo, solved = normals(light, lamps, lit)
        layers |= _layers("", normal, solved, pitch_mm)
        layers |= {"albedo": (albedo, "V"), "solved": (solved.astype(np.float64), "V")}
    if _has_normals(manifest):
        axes = np.array(pose["rotation"])
        true = passes["normal_camera"] if "normal_camera" in passes else passes["normal"] @ axes
        known = passes[COVERAGE] > 0.999
        layers |= _layers("truth_", true.astype(np.float64), known, pitch_mm)
        if "normal" in layers:
            cosine = np.clip((layers["normal"][0] * true).sum(axis=-1), -1.0, 1.0)[solved & known]
            if cosine.size:
                facts["median_error_deg"] = round(float(np.degrees(np.arccos(np.median(cosine)))), 3)
    write_floats(folder / "relief.exr", layers)
    facts["scales"] = _draw(folder, layers, "" if "normal" in layers else "truth_")
    (folder / "relief.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _layers(prefix: str, normal: Floats, valid: NDArray[np.bool_], pitch_mm: Floats) -> dict[str, tuple[Floats, str]]:
    return {
        f"{prefix}normal": (np.where(valid[..., None], normal, 0.0), "XYZ"),
        f"{prefix}gradient": (gradients(normal, valid), "XY"),
        f"{prefix}curvature": (curvature(normal, valid, pitch_mm), "V"),
    }


def _surface(
    table: Table, frame: int, pose: dict[str, Any], passes: dict[str, NDArray[np.float32]]
) -> tuple[Floats, Floats]:
    """Points of the surface in the scene and their depth: by the passes, else the view's target stands for all."""
    back, eye_mm = np.array(pose["rotation"])[:, 2], np.array(pose["location_mm"])
    manifest, views = table.manifest, table.viewpoints
    assert views is not None
    view = frame // (manifest.light_count * manifest.repeats) % manifest.view_count
    away_mm = float((eye_mm - views.targets_mm[view]) @ back)
    points = (eye_mm - away_mm * back).reshape(1, 1, 3)
    if "position" in passes:
        points = np.where(passes[COVERAGE][..., None] > 0, passes["position"], points)
    depth = (eye_mm - points) @ back
    if "depth" in passes:
        depth = np.where(passes[COVERAGE] > 0, passes["depth"], away_mm)
    return points, depth


def _read(path: Path, manifest: Manifest) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Light (h, w) of an image, where it is white, and where it is all part."""
    try:
        if manifest.output.bit_depth == 16 and not manifest.output.greyscale:  # Pillow would give 8 of them
            width, height, rows, about = png.Reader(filename=str(path)).read()
            values = np.vstack([np.asarray(row, dtype=np.uint16) for row in rows])
            values = values.reshape(height, width, about["planes"])
        else:
            with Image.open(path) as picture:
                values = np.atleast_3d(np.asarray(picture))
    except (OSError, ValueError, png.Error) as error:
        raise DataSetError(f"{path}: cannot be decoded: {error}") from None
    top = white_level(manifest.output)
    color = values[..., : 1 if manifest.output.greyscale else 3]
    whole = np.full(color.shape[:2], True) if manifest.output.flatten else values[..., -1] == top
    light = decode(color.astype(np.float32) / np.float32(top), manifest.output).mean(axis=-1)
    return light.astype(np.float64), (color == top).any(axis=-1), whole


def _draw(folder: Path, layers: dict[str, tuple[Floats, str]], prefix: str) -> dict[str, float]:
    """Pictures to look at, and what their brightest grey stands for."""
    normal, slope, bend = (layers[prefix + name][0] for name in ("normal", "gradient", "curvature"))
    steep = np.linalg.norm(slope, axis=-1)
    scales = {
        name: float(max(np.percentile(np.abs(values), _SHOWN), 1e-6))
        for name, values in (("gradient", steep), ("curvature_per_mm", bend))
    }
    known = np.linalg.norm(normal, axis=-1, keepdims=True) > 0
    pictures = {
        "normal": np.where(known, 0.5 + 0.5 * normal, 0.0),
        "gradient": steep / scales["gradient"],
        "curvature": 0.5 + 0.5 * bend / scales["curvature_per_mm"],
    }
    for name, values in pictures.items():
        Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)).save(folder / f"{name}.png")
    return scales
