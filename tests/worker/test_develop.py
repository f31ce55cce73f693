"""From linear light to the camera image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
from PIL import Image

from manifests import schema, viewpoints
from manifests.errors import DataSetError
from manifests.sampling import Table
from worker.develop import read_exr, write_png
from worker.develop.camera import camera_image


def developed(light: np.ndarray, frame: int = 0, parameters: tuple[Any, ...] = (), **output: Any) -> np.ndarray:
    """The image of some light (h, w, 4), premultiplied."""
    manifest = schema.from_dict(
        {
            "name": "made",
            "repeats": 4,
            "part": {"file": "made.stl"},
            "output": output,
            "parameters": list(parameters),
        }
    )
    poses = viewpoints.plan(manifest.views, manifest.camera, viewpoints.Bounds((0.0, 0.0, 0.0), 10.0))
    return camera_image(light.astype(np.float32), manifest, Table(manifest, poses), frame)


def flat(value: float, alpha: float = 1.0, size: int = 2) -> np.ndarray:
    """Grey light of one value, premultiplied."""
    return np.dstack([np.full((size, size, 3), value * alpha), np.full((size, size, 1), alpha)])


CURVE = [(0.0, 0), (0.0031308, 10), (0.18, 118), (0.5, 188), (1.0, 255), (9.0, 255)]


@pytest.mark.parametrize(("light", "pixel"), CURVE)
def test_srgb_is_the_standard_curve(light: float, pixel: int) -> None:
    assert developed(flat(light))[0, 0].tolist() == [pixel] * 3 + [255]


def test_linear_and_gamma() -> None:
    assert developed(flat(0.5), view_transform="linear")[0, 0, 0] == 128
    assert developed(flat(0.25), view_transform="gamma", gamma=2.0)[0, 0, 0] == 128


def test_a_stop_doubles_the_light() -> None:
    assert developed(flat(0.1), view_transform="linear", exposure_stops=2)[0, 0, 0] == 102


def test_exposure_follows_its_parameter_frame_by_frame() -> None:
    grid = {"kind": "grid", "low": 0, "high": 3, "steps": 4}
    bracket = ({"id": "stops", "target": "output.exposure_stops", "distribution": grid},)
    values = [developed(flat(0.1), f, bracket, view_transform="linear")[0, 0, 0] for f in range(4)]
    assert values == [26, 51, 102, 204]


def test_alpha_is_straight_where_kept_and_gone_where_flattened() -> None:
    half = flat(0.5, alpha=0.5)
    assert developed(half, view_transform="linear")[0, 0].tolist() == [128, 128, 128, 128]
    red = developed(half, view_transform="linear", flatten=True, background=[1, 0, 0])
    assert red[0, 0].tolist() == [191, 64, 64]
    assert developed(flat(0.5, alpha=0.0))[0, 0].tolist() == [0, 0, 0, 0]


def test_greyscale_weighs_by_luminance() -> None:
    green = np.dstack([np.zeros((2, 2)), np.ones((2, 2)), np.zeros((2, 2)), np.ones((2, 2))])
    assert developed(green, view_transform="linear", greyscale=True)[0, 0].tolist() == [182, 255]


def test_noise_is_that_of_a_sensor_and_the_same_again() -> None:
    well = {"full_well_e": 10000, "read_noise_e": 30}
    options = {"view_transform": "linear", "bit_depth": 16, "noise": well}
    first = developed(flat(0.25, size=200), **options)
    values = first[..., :3] / 65535
    assert values.mean() == pytest.approx(0.25, abs=2e-4)
    # Shot noise of 2500 electrons and 30 of reading: sqrt(2500 + 900) of 10000.
    assert values.std() == pytest.approx(np.sqrt(3400) / 10000, rel=0.02)
    assert np.array_equal(first, developed(flat(0.25, size=200), **options))
    assert not np.array_equal(first, developed(flat(0.25, size=200), frame=1, **options))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_png_holds_every_bit(tmp_path: Path, shape: tuple[int, ...], kind: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, endpoint=True).astype(kind)
    write_png(tmp_path / "a.png", pixels)
    width, height, rows, about = png.Reader(filename=str(tmp_path / "a.png")).asDirect()
    back = np.array([list(row) for row in rows]).reshape(height, width, -1)
    assert about["bitdepth"] == 8 * pixels.itemsize
    assert np.array_equal(back, pixels.reshape(5, 7, -1))
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (7, 5)


def test_a_torn_exr_is_named(tmp_path: Path) -> None:
    torn = tmp_path / "0000001.exr"
    torn.write_bytes(b"v/1\x01" + bytes(100))
    with pytest.raises(DataSetError, match=r"0000001\.exr: Blender left a damaged EXR"):
        read_exr(torn)
