"""What works beside the window and over the 3D view, in an installed extension: contact sheet, mask, coverage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blender_addon.ui.exr import read_frame
from manifests.encoding import encode
from manifests.errors import DataSetError
from manifests.showing import class_colors
from worker.develop import masks, read_exr
from worker.develop.camera import expose

from .test_installed import prepared


def test_previews_show_what_the_farm_renders(inside: Callable[..., Any], examples: Path, tmp_path: Path) -> None:
    path, frame = examples / "painted_block.yaml", 4
    text = path.read_text().replace("image_px: [576, 576]", "image_px: [96, 96]").replace("samples: 32", "samples: 4")
    path.write_text(text)
    facts = inside("beside.live", path, tmp_path / "still", frame)
    table, _ = prepared(path)
    manifest = table.manifest

    assert facts["begun"] == ["FINISHED"]
    assert facts["kinds"] == ["sheet"]
    assert facts["problem"] == facts["coverage_problem"] == ""
    assert len(facts["frames"]) == 9
    assert {number % manifest.frames_per_instance for number in facts["frames"]} == {0, 1}
    (width, height), values = facts["sheet"]
    sheet = np.array(values).reshape(height, width, 4)[::-1]
    assert (width, height) == (296, 296)
    row, column = divmod(facts["frames"].index(frame), 3)
    tile = sheet[100 * row : 100 * row + 96, 100 * column : 100 * column + 96]
    light, _ = read_exr(Path(facts["stills"][0]))
    # But for the noise of the sensor, which nine small pictures are not about.
    wanted = encode(expose(light, manifest, table, frame), manifest.output)
    shown = light[..., 3] > 0
    assert np.abs(tile[shown][:, :3] - 255 * wanted[shown]).max() <= 1
    assert np.abs(tile[..., 3] - 255 * light[..., 3]).max() <= 1

    (height, width, _), values = facts["mask"]
    painted = np.array(values).reshape(height, width, 4)[::-1]
    _, labels = read_exr(Path(facts["stills"][1]))
    classes = masks.decode(labels, manifest, facts["defects"]).classes
    assert set(np.unique(classes)) == set(manifest.labels.values())
    assert np.array_equal(painted[..., 3] > 0, classes > 0)
    assert facts["drawn"] == pytest.approx((classes > 0).mean(), rel=1e-4)
    for label, color in class_colors(manifest).items():
        here = painted[classes == manifest.labels[label]][:, :3]
        assert (here == list(bytes.fromhex(color[1:]))).all(), label

    corners, colours, triangles = facts["marked"]
    assert corners == colours == 3 * triangles > 0
    frame_m, eye_m, lines_mm = (np.array(one) for one in facts["camera"])
    ends = lines_mm.reshape(-1, 2, 3)[:4] / 1000
    assert np.allclose(ends[:, 0], eye_m, atol=1e-6)
    ours, blenders = (_unit(corner - eye_m) for corner in (ends[:, 1], frame_m))
    # Blender lists the same corners in another order.
    assert np.allclose((ours @ blenders.T).max(axis=1), 1, atol=1e-6)

    numbers = facts["coverage"]
    seen_mm2 = numbers["reachable_mm2"] - numbers["uncovered_mm2"]
    assert numbers["share"] == pytest.approx(seen_mm2 / numbers["reachable_mm2"])
    # The number is that of points, the colours are those of triangles.
    assert facts["seen_mm2"] == pytest.approx(seen_mm2, rel=0.03)
    assert facts["shown"]
    assert facts["outdated"]
    # The rendered viewport looks as the images do.
    assert facts["view"] == ["Standard", "None", manifest.output.exposure_stops]
    assert facts["cancelled"] == [[], True, False]
    assert facts["left"] == [{}, True]


def _unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_torn_render_is_said(tmp_path: Path) -> None:
    path = tmp_path / "torn.exr"
    path.write_bytes(b"v/1\x01\x02\x00\x00\x00" + bytes(20))
    with pytest.raises(DataSetError, match="is a damaged EXR"):
        read_frame(path)
