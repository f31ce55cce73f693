"""A twin differs from its frame by what it lacks, and by nothing else in a single bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.develop import read_exr
from worker.report.pictures import dilate

from .rendering import Frame, manifest, render

DENTS = [{"kind": "dent", "count": 2, "diameter_mm": 5, "depth_mm": 0.6}]
NO_BOUNCE = {"samples": 4, "bounces": 0}  # light that comes straight from a lamp reaches no further than the mask


def twin_of(frame: Frame, name: str = "twin") -> np.ndarray:
    return read_exr(Path(frame.told[name]))[0]


def test_without_defects_or_impurities_the_rest_is_the_same(blender: str, tmp_path: Path) -> None:
    scene: dict[str, Any] = {
        "defects": DENTS,
        "impurities": [{"kind": "dust", "diameter_mm": 2}],
        "surface": {"kind": "brushed"},
        "render": NO_BOUNCE,
        "instances": 2,
    }
    alone = render(tmp_path / "alone", blender, manifest(**scene), [0, 1])
    for label, name in ((1, "defects"), (2, "impurities")):
        what = manifest(**scene, twin={"without": [name]})
        frames = render(tmp_path / name, blender, what, [0, 1])
        for frame, before in zip(frames, alone):
            # To have a twin changes nothing of the frame itself, nor of the one after it.
            assert np.array_equal(frame.light, before.light)
            assert np.array_equal(frame.labels, before.labels)
            mask = frame.masks.classes == label
            differs = (frame.light != twin_of(frame)).any(axis=2)
            # Specks may cover less than half of a pixel; a pixel's filter reaches one pixel beyond.
            reach = dilate(frame.labels[..., 2] > 0, 2)
            assert not (differs & ~reach).any()
            assert reach.mean() < 0.3 and differs[mask].mean() > 0.5
            assert (differs & (frame.light[..., 3] == 1)).sum() > 20
            # The second pair has noise of its own.
            others = (frame.light != twin_of(frame, "image_again")).any(axis=2)
            assert others[frame.light[..., 3] == 1].mean() > 0.9
            again = twin_of(frame, "image_again") != twin_of(frame, "twin_again")
            assert (again.any(axis=2) & ~reach).mean() < 0.001  # its samples may hit a speck that those missed
    assert not np.array_equal(alone[0].masks.classes, alone[1].masks.classes)


FLAT = {
    "painted": {"relief_height_mm": 0, "crevice_level": 0},
    "cast": {"grain_height_mm": 0, "pits_per_cm2": 0},
}


@pytest.mark.parametrize("kind", FLAT)
def test_without_texture_it_is_the_same_surface_of_no_height(blender: str, tmp_path: Path, kind: str) -> None:
    drawn = {"kind": "uniform", "low": 0.5, "high": 0.6}
    roughness, height = {"id": "r", "target": "surface.roughness", "distribution": drawn}, []
    if kind == "painted":
        height = [{"id": "h", "target": "surface.relief_height_mm", "distribution": drawn}]
    textured = manifest(
        surface={"kind": kind}, parameters=[roughness, *height], twin={"without": ["texture"]}, render=NO_BOUNCE
    )
    flat = manifest(surface={"kind": kind, **FLAT[kind]}, parameters=[roughness], render=NO_BOUNCE)
    (frame,), (wanted,) = (render(tmp_path / n, blender, what, [0]) for n, what in {"a": textured, "b": flat}.items())
    assert np.array_equal(twin_of(frame), wanted.light)
    assert np.abs(frame.light - wanted.light).max() > 0.05
    assert "twin_again" not in frame.told
