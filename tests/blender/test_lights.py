"""Each light against what physics says of it, on a white diffuse box."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .rendering import manifest, render

WHITE = {"kind": "painted", "relief": "none", "color": [1, 1, 1], "crevice_level": 0, "specular": 0, "roughness": 1}
DEPTH_MM = 287.5  # from the camera to the front of the box


def front(folder: Path, blender: str, light: dict[str, Any], **fields: Any) -> np.ndarray:
    """Light (h, w) that the middle of the box's front sends to the camera."""
    what = manifest(surface=WHITE, lights=[light], backdrop=None, render={"samples": 128, "bounces": 1}, **fields)
    (frame,) = render(folder, blender, what, [0])
    return frame.light[44:52, 44:52, 0]


def test_a_small_panel_lights_by_the_inverse_square(blender: str, tmp_path: Path) -> None:
    """Radiance L, area A, distance d, facing: a white surface sends L A / (pi d2)."""
    panel = {"kind": "panel", "radiance": 50, "location_mm": [0, -212.5, 0], "size_mm": [20, 30]}
    expected = 50 * 20 * 30 / (math.pi * 200**2)
    assert front(tmp_path, blender, panel).mean() == pytest.approx(expected, rel=0.03)


def test_a_panel_that_follows_the_camera_stands_in_its_axes(blender: str, tmp_path: Path) -> None:
    fixed = {"kind": "panel", "location_mm": [80, -300, 0], "target_mm": [0, -12.5, 0]}
    riding = {"kind": "panel", "location_mm": [80, 0, 0], "target_mm": [0, 0, -287.5], "follow": "camera"}
    one, other = front(tmp_path / "a", blender, fixed), front(tmp_path / "b", blender, riding)
    assert one.mean() == pytest.approx(other.mean(), rel=0.02)
    assert one.mean() > 0.01


def test_a_spot_lights_its_cone_alone(blender: str, tmp_path: Path) -> None:
    """P watts in all directions are P / (4 pi) to a steradian, so a white surface at d sends P / (4 pi2 d2)."""
    spot = {"kind": "spot", "power_w": 10, "location_mm": [0, -212.5, 0], "angle_deg": 3, "blend": 0, "radius_mm": 0}
    what = manifest(surface=WHITE, lights=[spot], backdrop=None, render={"samples": 64, "bounces": 1})
    (frame,) = render(tmp_path, blender, what, [0])
    assert frame.light[44:52, 44:52, 0].mean() == pytest.approx(10 / (4 * math.pi**2 * 0.2**2), rel=0.05)
    assert frame.light[20:28, 44:52, 0].max() == 0  # 10 mm up, where the cone is 5 mm wide


@pytest.mark.parametrize("sides", [0, 6])
def test_a_ring_lights_by_its_area_and_angle(blender: str, tmp_path: Path, sides: int) -> None:
    """Seen from the axis, each bit of a thin ring of radius R at distance d lights by cos2 / (d2 + R2)."""
    ring = {"kind": "ring", "radiance": 50, "diameter_mm": 120, "width_mm": 6, "sides": sides}
    radius2, width = 60.0**2, 6.0
    if sides == 0:
        area_over_r4 = math.pi * 120 * width / (DEPTH_MM**2 + radius2) ** 2
    else:
        along = np.linspace(-1, 1, 2001) * 60 * math.tan(math.pi / sides)
        area_over_r4 = sides * width * np.trapz(1 / (DEPTH_MM**2 + radius2 + along**2) ** 2, along)
    expected = 50 * DEPTH_MM**2 * area_over_r4 / math.pi
    assert front(tmp_path, blender, ring).mean() == pytest.approx(expected, rel=0.03)


def test_a_scaled_ring_is_a_larger_ring(blender: str, tmp_path: Path) -> None:
    scaled = {"kind": "ring", "sides": 6, "diameter_mm": 80, "width_mm": 5, "scale": 2}
    large = {"kind": "ring", "sides": 6, "diameter_mm": 160, "width_mm": 10}
    assert np.array_equal(front(tmp_path / "a", blender, scaled), front(tmp_path / "b", blender, large))


def test_a_dome_lights_an_upright_face_by_half(blender: str, tmp_path: Path) -> None:
    dome = front(tmp_path / "half", blender, {"kind": "dome", "radiance": 1})
    assert dome.mean() == pytest.approx(0.5, abs=0.03)
    whole = front(tmp_path / "whole", blender, {"kind": "dome", "radiance": 1, "opening_deg": 360})
    assert whole.mean() == pytest.approx(1.0, abs=0.03)
