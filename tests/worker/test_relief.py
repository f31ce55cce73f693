"""Relief: normals, slopes and curvature of balls, hollows and planes, whose shape mathematics knows."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import save_prepared
from manifests.encoding import encode
from manifests.errors import DataSetError, ManifestError
from manifests.files import write_yaml
from manifests.layout import IMAGE, PASSES, RECORD, DataSet, write_atomic
from manifests.sampling import Table
from manifests.schema import Manifest
from worker.develop import write_png
from worker.develop.passes import COVERAGE, write_passes
from worker.relief import make_reliefs, open_task
from worker.relief.lamps import lamp_vectors
from worker.relief.photometric import normals
from worker.relief.shape import curvature, gradients

from .made import made_manifest

BLOCK = Path(__file__).resolve().parents[2] / "manifests" / "examples" / "parts" / "block.stl"
SIZE, RADIUS = 41, 40.0


def ball(radius_px: float = RADIUS) -> np.ndarray:
    """(h, w, 3) normals of a ball that fills the image, along right, up and back."""
    rows, columns = np.indices((SIZE, SIZE)) - SIZE // 2
    x, y = columns / radius_px, -rows / radius_px
    return np.dstack([x, y, np.sqrt(1 - x**2 - y**2)])


LAMPS = 2.0 * np.array([[0.5, 0, 0.866], [-0.5, 0, 0.866], [0, 0.5, 0.866], [0, -0.5, 0.866]]).reshape(-1, 1, 1, 3)


def test_normals_and_albedo_come_back() -> None:
    truth, albedo = ball(), np.linspace(0.2, 0.9, SIZE * SIZE).reshape(SIZE, SIZE)
    light = albedo * (LAMPS * truth).sum(axis=-1)
    found, share, solved = normals(light, LAMPS, light > 0)
    assert solved.all()
    assert np.abs(found - truth).max() < 1e-9
    assert np.abs(share - albedo).max() < 1e-9


def test_a_shadow_or_a_highlight_in_one_state_changes_nothing_once_it_does_not_count() -> None:
    truth = ball()
    light = (LAMPS * truth).sum(axis=-1)
    usable = np.full(light.shape, True)
    light[0, :10], usable[0, :10] = 0.0, False
    light[1, 20:], usable[1, 20:] = 1.0, False
    found, _, solved = normals(light, LAMPS, usable)
    assert solved.all() and np.abs(found - truth).max() < 1e-9


def test_two_lights_or_lights_in_one_plane_tell_no_normal() -> None:
    light = (LAMPS * ball()).sum(axis=-1)
    usable = np.full(light.shape, True)
    usable[2:] = False
    assert not normals(light, LAMPS, usable)[2].any()
    plane = np.array([[0.5, 0, 0.866], [-0.5, 0, 0.866], [0, 0, 1], [0.3, 0, 0.95]]).reshape(-1, 1, 1, 3)
    assert not normals((plane * ball()).sum(axis=-1), plane, usable[:1].repeat(4, axis=0))[2].any()


def test_slopes_and_curvature_of_a_ball_a_hollow_and_a_plane() -> None:
    everywhere, pitch_mm = np.full((SIZE, SIZE), True), 0.05
    truth = ball()
    slope = gradients(truth, everywhere)
    # z falls away to the right of the middle and above it.
    assert slope[20, 30] == pytest.approx([-10 / math.sqrt(RADIUS**2 - 100), 0])
    assert slope[10, 20] == pytest.approx([0, -10 / math.sqrt(RADIUS**2 - 100)])
    assert curvature(truth, everywhere, pitch_mm) == pytest.approx(np.full((SIZE, SIZE), 1 / (RADIUS * pitch_mm)))
    hollow = truth * [-1, -1, 1]
    assert curvature(hollow, everywhere, pitch_mm) == pytest.approx(np.full((SIZE, SIZE), -1 / (RADIUS * pitch_mm)))
    plane = np.broadcast_to([0.6, 0.0, 0.8], truth.shape)
    assert gradients(plane, everywhere)[3, 4] == pytest.approx([-0.75, 0])
    assert not curvature(plane, everywhere, pitch_mm).any()


def test_what_is_unknown_does_not_reach_its_neighbours() -> None:
    truth, valid = ball(), np.full((SIZE, SIZE), True)
    valid[:, :15] = False
    truth[~valid] = [0, 0, 1]
    bend = curvature(truth, valid, 1.0)
    assert bend[:, 15:] == pytest.approx(1 / RADIUS)
    assert not bend[:, :15].any()
    assert not gradients(truth, valid)[:, :15].any()


STATES = {"right": [300, -300, 0], "left": [-300, -300, 0], "up": [0, -300, 300], "down": [0, -300, -300]}


def lamps_manifest(**changes: object) -> Manifest:
    lights = [
        {"kind": "panel", "name": name, "radiance": 60, "location_mm": place, "size_mm": [30, 30]}
        for name, place in STATES.items()
    ]
    fields: dict[str, object] = {
        "camera": {"image_px": [SIZE, SIZE], "f_number": 0},
        "views": {"kind": "poses", "poses": [{"location_mm": [0, -300, 0]}]},
        "lights": lights,
        "light_states": [{"name": name, "lights": [name]} for name in STATES],
        "instances": 1,
        "repeats": 2,
        "output": {"passes": ["normal_camera", "position"], "bit_depth": 16, "flatten": True},
    }
    return made_manifest(**(fields | changes))


POSE = {"location_mm": [0.0, -300.0, 0.0], "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]}


def test_a_lamp_sends_by_the_inverse_square(tmp_path: Path) -> None:
    table = Table(lamps_manifest(), None)
    (vector,) = lamp_vectors(table, 0, np.zeros((1, 3)), POSE)
    # Radiance 60, 9 cm2, 424 mm away, facing: L A / (pi d2), towards right and camera alike.
    assert vector == pytest.approx(60 * 9e-4 / (math.pi * 0.18) * np.array([1, 0, 1]) / math.sqrt(2))
    ring = lamps_manifest(lights=[{"kind": "ring"}], light_states=[])
    with pytest.raises(ManifestError, match=r"^lights\[0\]: a ring has no direction"):
        lamp_vectors(Table(ring, None), 0, np.zeros((1, 3)), POSE)


PITCH_MM = 300 * 8.8 / SIZE / 25
"""Width of a pixel 300 mm away: 8.8 mm of the sensor, 25 mm of focal length."""


def ball_set(root: Path, **changes: object) -> DataSet:
    """Two sets of four states of a ball whose front lies in the middle of the scene, albedo 0.5."""
    manifest = lamps_manifest(**changes)
    data_set = DataSet(root)
    write_atomic(data_set.manifest_file, write_yaml(manifest).encode())
    save_prepared(data_set.part_folder, *prepare_part(BLOCK))
    table, truth = Table(manifest, None), ball()
    away = RADIUS * PITCH_MM * np.dstack([truth[..., 0], 1 - truth[..., 2], truth[..., 1]])
    for frame in range(manifest.frame_count):
        folder = data_set.pair_folder(frame)
        folder.mkdir(parents=True)
        light = 0.5 * (lamp_vectors(table, frame, away, POSE) * truth).sum(axis=-1)
        values = encode(np.repeat(light[..., None], 3, axis=2).astype(np.float32), manifest.output)
        write_png(folder / IMAGE, np.rint(values * 65535).astype(np.uint16))
        if manifest.output.passes:
            passes = {COVERAGE: np.ones((SIZE, SIZE)), "normal_camera": truth, "position": away}
            write_passes(folder / PASSES, passes)  # type: ignore[arg-type]
        (folder / RECORD).write_text(json.dumps({"poses": {"camera": POSE}}))
    return data_set


def test_a_data_set_becomes_reliefs_and_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    data_set, out = ball_set(tmp_path / "set"), tmp_path / "out"
    task = open_task(data_set.root, out)
    assert task.missing == [(0, 2, 4, 6), (1, 3, 5, 7)]
    made = make_reliefs(task)
    assert next(made) == out / "0000000"
    made.close()  # type: ignore[attr-defined]
    assert open_task(data_set.root, out).missing == [(1, 3, 5, 7)]
    assert list(make_reliefs(open_task(data_set.root, out))) == [out / "0000001"]
    assert sorted(path.name for path in out.iterdir()) == ["0000000", "0000001"]
    files = {"relief.exr", "relief.json", "normal.png", "gradient.png", "curvature.png"}
    assert {path.name for path in (out / "0000001").iterdir()} == files
    facts = json.loads((out / "0000001" / "relief.json").read_text())
    assert facts["frames"] == [1, 3, 5, 7] and facts["median_error_deg"] < 0.05
    with OpenEXR.File(str(out / "0000001" / "relief.exr"), separate_channels=True) as file:
        layers = {name: channel.pixels for name, channel in file.channels().items()}
    assert layers["albedo.V"] == pytest.approx(0.5, abs=1e-3)
    for prefix in ("", "truth_"):
        bend = layers[f"{prefix}curvature.V"][18:23, 18:23]
        assert bend == pytest.approx(1 / (RADIUS * PITCH_MM), rel=0.02)
        assert layers[f"{prefix}gradient.X"][20, 30] == pytest.approx(-10 / math.sqrt(RADIUS**2 - 100), rel=0.01)


def test_what_no_relief_can_be_made_of_is_said(tmp_path: Path) -> None:
    bare = ball_set(tmp_path / "bare", lights=[], light_states=[], output={"bit_depth": 16, "flatten": True})
    with pytest.raises(DataSetError, match="has neither 3 light states nor normals"):
        open_task(bare.root, tmp_path / "out")
    data_set = ball_set(tmp_path / "set")
    moved = {"poses": {"camera": {**POSE, "location_mm": [0.0, -300.0, 1.0]}}}
    (data_set.pair_folder(4) / RECORD).write_text(json.dumps(moved))
    with pytest.raises(DataSetError, match=r"^frame 4: camera or part moved since frame 0"):
        list(make_reliefs(open_task(data_set.root, tmp_path / "out")))
    assert not list((tmp_path / "out").iterdir())
    data_set.discard(3)
    with pytest.raises(DataSetError, match=r"1 of 8 pairs are missing; 'defectory resume"):
        open_task(data_set.root, tmp_path / "out")
