"""Passes against what mathematics knows of a box and of a sphere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .rendering import BOX_MM, Frame, manifest, render, write_stl
from .test_lights import WHITE
from .test_masks import PIXEL_MM

PASSES = ["albedo", "normal", "normal_camera", "depth", "position"]
RADIUS_MM = 15.0
COLOUR = [0.6, 0.3, 0.1]
ODD: dict[str, Any] = {
    "surface": {**WHITE, "color": COLOUR},
    "part": {"location_mm": [3, -2, 4]},
    "camera": {"offset_mm": [20, 10, 5], "tilt_deg": [-1, 3, 30], "image_px": [48, 48]},
    "backdrop": {},
    "render": {"samples": 16},
}
"""Nothing is where it is simplest: the part moved, the camera shifted and turned."""


def write_sphere(folder: Path) -> Path:
    turn, rise = np.linspace(0, 2 * math.pi, 129), np.linspace(-math.pi / 2, math.pi / 2, 65)
    grid = np.stack(
        [
            np.cos(rise)[:, None] * np.cos(turn),
            np.cos(rise)[:, None] * np.sin(turn),
            np.sin(rise)[:, None] * np.ones_like(turn),
        ],
        axis=-1,
    )
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    lower, upper = np.stack([a, b, c], axis=2)[1:], np.stack([a, c, d], axis=2)[:-1]
    return write_stl(folder / "box.stl", RADIUS_MM * np.concatenate([lower.reshape(-1, 3, 3), upper.reshape(-1, 3, 3)]))


def check_against_the_camera(frame: Frame) -> None:
    """Each position lies in its own pixel, its depth is that along the axis, its two normals are one."""
    passes, pose = frame.passes, frame.told["poses"]["camera"]
    coverage, axes = passes["coverage"], np.array(pose["rotation"])
    local = (passes["position"] - pose["location_mm"]) @ axes
    size = len(coverage)
    pixel_mm = PIXEL_MM * 96 / size
    rows, columns = np.nonzero(coverage == 1)
    x, y, z = local[rows, columns].T
    assert np.abs(size / 2 + 25 * x / -z / pixel_mm - columns - 0.5).max() < 0.4
    assert np.abs(size / 2 - 25 * y / -z / pixel_mm - rows - 0.5).max() < 0.4
    covered = coverage > 0
    assert np.abs(passes["depth"] + local[..., 2])[covered].max() < 1e-3
    assert np.abs(passes["normal"] @ axes - passes["normal_camera"])[covered].max() < 1e-5
    assert passes["albedo"][covered] == pytest.approx(np.broadcast_to(COLOUR, (covered.sum(), 3)), abs=2e-3)
    for values in passes.values():
        assert (values[~covered] == 0).all()


def test_of_a_box_that_turns_from_frame_to_frame(blender: str, tmp_path: Path) -> None:
    turns = {"kind": "grid", "low": 20, "high": 60, "steps": 2}
    drawn = {"parameters": [{"id": "turn", "target": "part.rotation_deg[2]", "distribution": turns}], "repeats": 2}
    what = manifest(output={"passes": PASSES}, **ODD, **drawn)
    frames = render(tmp_path / "with", blender, what, [0, 1])
    half = np.array(BOX_MM) / 2
    for frame, degrees in zip(frames, (20, 60)):
        check_against_the_camera(frame)
        axes = np.array(frame.told["poses"]["part"]["rotation"])
        assert axes[:, 0] == pytest.approx([math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0])
        own = (frame.passes["position"] - frame.told["poses"]["part"]["location_mm"]) @ axes
        normal = frame.passes["normal"] @ axes
        # Also where a pixel is half empty: what it holds of the part is a point of the part.
        for axis, sign in ((0, -1), (1, -1)):
            face = (normal * np.eye(3)[axis]).sum(axis=-1) * sign > 0.99999
            assert face.sum() > 50
            assert np.abs(own[face][:, axis] - sign * half[axis]).max() < 2e-3
            assert (frame.passes["coverage"][face] < 1).any()
    (without, _) = render(tmp_path / "without", blender, manifest(**ODD, **drawn), [0, 1])
    assert np.array_equal(without.light, frames[0].light)
    assert set(without.passes) == {"coverage"}


def test_of_a_sphere(blender: str, tmp_path: Path) -> None:
    (frame,) = render(tmp_path, blender, manifest(output={"passes": PASSES}, **ODD), [0], part=write_sphere)
    check_against_the_camera(frame)
    whole = frame.passes["coverage"] == 1
    outward = frame.passes["position"][whole] - frame.told["poses"]["part"]["location_mm"]
    distance = np.linalg.norm(outward, axis=1)
    # A mean over a bent piece lies a little inside it.
    assert (distance > RADIUS_MM - 0.2).all() and (distance < RADIUS_MM + 1e-3).all()
    angle = np.degrees(np.arccos(np.clip((outward / distance[:, None] * frame.passes["normal"][whole]).sum(1), -1, 1)))
    assert np.median(angle) < 0.2 and angle.max() < 2.0
