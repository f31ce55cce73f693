"""Distractor backgrounds: drawn by seed and frame, behind the part and nowhere else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from manifests import schema, viewpoints
from manifests.encoding import encode
from manifests.errors import DataSetError, ManifestError
from manifests.sampling import Table
from worker.develop.backgrounds import check_photographs, make_background
from worker.develop.camera import camera_image

SIZE = (40, 24)


def manifest_of(*backgrounds: dict[str, Any], **output: Any) -> schema.Manifest:
    return schema.from_dict(
        {
            "name": "made",
            "repeats": 40,
            "part": {"file": "made.stl"},
            "camera": {"image_px": list(SIZE)},
            "output": {"backgrounds": list(backgrounds), **output},
        }
    )


def write_photographs(folder: Path) -> Path:
    """Two gradients: red grows to the right in the one, green downwards in the other."""
    (folder / "walls").mkdir()
    ramp = np.zeros((100, 100, 3), dtype=np.uint8)
    ramp[..., 0] = np.arange(100) * 2
    Image.fromarray(ramp).save(folder / "walls" / "a.png")
    Image.fromarray(np.rot90(ramp[..., [1, 0, 2]], 3).copy()).save(folder / "walls" / "b.png")
    return folder


KINDS: list[dict[str, Any]] = [
    {"kind": "gradients", "darkest": [0.1, 0.2, 0.3], "brightest": [0.5, 0.6, 0.7]},
    {"kind": "clouds", "darkest": [0.1, 0.2, 0.3], "brightest": [0.5, 0.6, 0.7]},
    {"kind": "polygons", "darkest": [0.1, 0.2, 0.3], "brightest": [0.5, 0.6, 0.7], "count": 9},
    {"kind": "photographs", "folder": "walls", "piece": {"kind": "uniform", "low": 0.3, "high": 1}},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_frames_have_other_backgrounds_and_each_always_the_same(kind: dict[str, Any], tmp_path: Path) -> None:
    manifest, folder = manifest_of(kind), write_photographs(tmp_path)
    made = [make_background(manifest, frame, folder) for frame in range(6)]
    for frame, picture in enumerate(made):
        again = make_background(manifest, frame, folder)
        assert picture is not None and again is not None
        assert picture.shape == (SIZE[1], SIZE[0], 3) and picture.dtype == np.float32
        assert np.array_equal(picture, again)
        assert picture.std() > 0.005
        if "darkest" in kind:
            # A code of sRGB is what polygons are drawn with.
            assert (picture >= np.array(kind["darkest"]) - 0.005).all()
            assert (picture <= np.array(kind["brightest"]) + 0.005).all()
    for a, b in pairwise(made):
        assert a is not None and b is not None
        assert np.abs(a - b).mean() > 0.01


def test_every_background_has_its_turn(tmp_path: Path) -> None:
    plain = [{"kind": "gradients", "darkest": [level] * 3, "brightest": [level] * 3} for level in (0.25, 0.5, 0.75)]
    manifest = manifest_of(*plain)
    levels = [
        float(picture.mean()) for f in range(40) if (picture := make_background(manifest, f, tmp_path)) is not None
    ]
    assert {round(level, 6) for level in levels} == {0.25, 0.5, 0.75}


def test_photographs_keep_their_colours_and_proportions(tmp_path: Path) -> None:
    manifest = manifest_of({"kind": "photographs", "folder": "walls"}, flatten=True)
    write_photographs(tmp_path)
    seen = set()
    for frame in range(40):
        picture = make_background(manifest, frame, tmp_path)
        assert picture is not None
        red, green, blue = (255 * encode(picture, manifest.output)).transpose(2, 0, 1)
        assert blue.max() < 0.5
        if red.max() > 1:
            # The largest piece is as wide as the photograph, 100 pixels on 40: red grows by 5 from pixel to pixel.
            steps = np.diff(red, axis=1)[:, 2:-2]
            seen.add("red, mirrored" if steps.mean() < 0 else "red")
            assert np.abs(np.abs(steps) - 5).max() < 1.1
        else:
            seen.add("green")
            assert np.abs(np.diff(green, axis=0)[2:-2] - 5).max() < 1.1
    assert seen == {"red", "red, mirrored", "green"}


@pytest.mark.parametrize("flatten", [True, False])
def test_background_lies_behind_the_part(flatten: bool, tmp_path: Path) -> None:
    manifest = manifest_of(KINDS[0], flatten=flatten, view_transform="linear")
    table = Table(manifest, viewpoints.plan(manifest.views, manifest.camera, viewpoints.Bounds((0.0, 0.0, 0.0), 10.0)))
    light = np.zeros((SIZE[1], SIZE[0], 4), dtype=np.float32)
    light[:, 10:20] = [0.9, 0.9, 0.9, 1.0]
    light[:, 20] = [0.45, 0.45, 0.45, 0.5]
    background = make_background(manifest, 3, tmp_path)
    assert background is not None
    image = camera_image(light, manifest, table, 3, background)
    assert np.abs(image[:, :10, :3] - 255 * background[:, :10]).max() <= 0.51
    assert (image[:, 10:20, :3] == 230).all()
    assert np.abs(image[:, 20, :3] - 255 * (0.45 + 0.5 * background[:, 20])).max() <= 0.51
    assert image.shape[2] == (3 if flatten else 4)
    if not flatten:
        assert (image[0, :, 3] == [0] * 10 + [255] * 10 + [128] + [0] * 19).all()


def test_what_is_no_photograph_is_named(tmp_path: Path) -> None:
    manifest = manifest_of(KINDS[0], {"kind": "photographs", "folder": "walls"})
    write_photographs(tmp_path)
    check_photographs(manifest, tmp_path)
    (tmp_path / "walls" / "c.jpg").write_bytes(b"no picture")
    with pytest.raises(ManifestError, match=r"c\.jpg: is no PNG or JPEG") as caught:
        check_photographs(manifest, tmp_path)
    assert caught.value.field == "output.backgrounds[1].folder"
    for name in ("a.png", "b.png"):
        path = tmp_path / "walls" / name
        path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataSetError, match="cannot be read as a background"):
        [make_background(manifest, frame, tmp_path) for frame in range(40)]


def test_limits_hold_for_what_is_drawn() -> None:
    with pytest.raises(ManifestError) as caught:
        manifest_of({"kind": "polygons", "size": {"kind": "uniform", "low": -1, "high": 1}})
    assert caught.value.field == "output.backgrounds[0].size.low"
