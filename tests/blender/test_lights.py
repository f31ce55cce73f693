"""Each light against what physics says of it, on a white diffuse box."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from .rendering import manifest, render, run_shard

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


def test_an_image_lights_from_where_it_is_bright_and_turns(blender: str, tmp_path: Path) -> None:
    """The right half of a panorama is all that is on the side of -y, which is all that the front of the box sees."""
    half = np.repeat(np.repeat(np.array([[0.0, 1.0]], dtype=np.float32), 32, axis=0), 32, axis=1)
    with OpenEXR.File({}, {letter: half * share for letter, share in zip("RGB", (0.8, 0.4, 0.2))}) as file:
        file.write(str(tmp_path / "hall.exr"))
    light = {"kind": "environment", "image": "hall.exr", "radiance": 0.5}
    turns = {"kind": "grid", "low": 0, "high": 180, "steps": 3}
    drawn = [{"id": "turn", "target": "lights[0].rotation_deg", "distribution": turns}]
    fields = {"surface": WHITE, "lights": [light], "backdrop": None, "render": {"samples": 32, "bounces": 1}}
    frames = render(tmp_path, blender, manifest(parameters=drawn, repeats=3, **fields), [0, 1, 2])
    for frame, share in zip(frames, (1.0, 0.5, 0.0)):
        light = frame.light[40:56, 40:56, :3].mean(axis=(0, 1))
        assert light == pytest.approx(share * 0.5 * np.array([0.8, 0.4, 0.2]), abs=0.01)
        assert (frame.light[frame.light[..., 3] == 0] == 0).all()  # the camera does not see it


def test_an_image_that_is_none_is_refused(blender: str, tmp_path: Path) -> None:
    (tmp_path / "hall.png").write_bytes(b"no picture")
    what = manifest(lights=[{"kind": "environment", "image": "hall.png"}])
    code, events = run_shard(tmp_path, blender, what, [0])
    assert code == 2
    assert events[-1]["problem"].startswith("lights[0].image: ")


def test_each_state_burns_its_own_lights(blender: str, tmp_path: Path) -> None:
    """World, light box and a ring of three bars, one after the other; the ring turned upside down."""
    side, hole, away = 200.0, 40.0, 187.5  # the diffuser's distance from the front
    ring = {"kind": "ring", "sides": 3, "diameter_mm": 60, "width_mm": 6, "distance_mm": 275, "radiance": 9}
    lights = {
        "world": {"kind": "world", "radiance": 0.6},
        "box": {"kind": "diffuser", "radiance": 1, "distance_mm": 200, "size_mm": [side] * 2, "hole_diameter_mm": hole},
        "up": ring,
        "down": {**ring, "rotation_deg": 180},
    }
    states = [{"name": name, "lights": [name]} for name in lights]
    what = manifest(
        surface=WHITE,
        lights=[{**light, "name": name} for name, light in lights.items()],
        light_states=states,
        backdrop=None,
        render={"samples": 64, "bounces": 1},
    )
    world, box, up, down = (f.light[..., 0] for f in render(tmp_path, blender, what, [0, 1, 2, 3]))
    middle = np.s_[44:52, 44:52]
    assert world[middle].mean() == pytest.approx(0.6, rel=0.02)
    # View factor of a point to a square before it (four corners of half its side), less that of the disc of the hole.
    x = side / 2 / away
    square = 4 / math.pi * x / math.sqrt(1 + x * x) * math.atan(x / math.sqrt(1 + x * x))
    disc = hole**2 / (hole**2 + 4 * away**2)
    assert box[middle].mean() == pytest.approx(square - disc, rel=0.03)
    top, bottom = np.s_[20:30, 40:56], np.s_[66:76, 40:56]
    assert down[top].mean() == pytest.approx(up[bottom].mean(), rel=0.03)
    assert down[bottom].mean() == pytest.approx(up[top].mean(), rel=0.03)
    assert abs(up[top].mean() / up[bottom].mean() - 1) > 0.1


@pytest.mark.parametrize("kind", ["ring", "diffuser"])
def test_what_rides_on_the_camera_lights_every_view_and_what_does_not_the_first(
    blender: str, tmp_path: Path, kind: str
) -> None:
    poses = [{"location_mm": place} for place in ([0, -300, 0], [300, 0, 0])]
    light = {"kind": kind, "radiance": 5} | ({"distance_mm": 100} if kind == "ring" else {})
    what = manifest(
        surface=WHITE,
        lights=[{**light, "name": "rides", "follow": "camera"}, {**light, "name": "stays", "follow": "scene"}],
        light_states=[{"name": name, "lights": [name]} for name in ("rides", "stays")],
        views={"kind": "poses", "poses": poses},
        backdrop=None,
        render={"samples": 64, "bounces": 1},
    )
    first, first_stays, second, second_stays = (
        f.light[44:52, 44:52, 0].mean() for f in render(tmp_path, blender, what, [0, 1, 2, 3])
    )
    assert first == pytest.approx(first_stays, rel=0.03)
    assert second == pytest.approx(first, rel=0.05)
    assert second_stays < 0.2 * second
