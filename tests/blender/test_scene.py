"""The scene against its manifest: lights, drivers, seeds, instances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .rendering import manifest, render, run_shard, table

UNIFORM = {"kind": "uniform", "low": 1.0, "high": 3.0}


def brightness(light: np.ndarray) -> float:
    """Mean light of the opaque pixels."""
    return float(light[..., :3][light[..., 3] == 1].mean())


def test_world_light_of_radiance_one_makes_a_white_diffuse_part_white(blender: str, tmp_path: Path) -> None:
    surface = {"kind": "painted", "relief": "none", "color": [1, 1, 1], "crevice_level": 0, "specular": 0}
    what = manifest(
        surface=surface, lights=[{"kind": "world", "radiance": 1}], backdrop=None, render={"samples": 64, "bounces": 4}
    )
    (frame,) = render(tmp_path, blender, what, [0])
    assert brightness(frame.light) == pytest.approx(1.0, abs=0.03)


def test_a_parameter_drives_its_field_frame_by_frame(blender: str, tmp_path: Path) -> None:
    """Light is linear, so each frame must be as bright as its own radiance says."""
    fixed = manifest(lights=[{"kind": "diffuser", "radiance": 1}], render={"samples": 32})
    drawn = manifest(
        lights=[{"kind": "diffuser", "radiance": 1}],
        render={"samples": 32},
        repeats=3,
        parameters=[{"id": "glow", "target": "lights[0].radiance", "distribution": UNIFORM}],
    )
    (reference,) = render(tmp_path / "fixed", blender, fixed, [0])
    values = table(drawn)
    for frame in render(tmp_path / "drawn", blender, drawn, [0, 1, 2]):
        radiance = values.value("glow", frame.told["frame"])
        assert brightness(frame.light) == pytest.approx(radiance * brightness(reference.light), rel=0.03)


def test_light_states_switch_lights(blender: str, tmp_path: Path) -> None:
    what = manifest(
        lights=[{"kind": "diffuser", "radiance": 1}, {"kind": "world", "radiance": 0.5}],
        light_states=[
            {"name": "both", "lights": ["diffuser", "world"]},
            {"name": "front", "lights": ["diffuser"]},
            {"name": "box", "lights": ["world"]},
        ],
        render={"samples": 64},
    )
    both, front, box = (brightness(f.light) for f in render(tmp_path, blender, what, [0, 1, 2]))
    assert both == pytest.approx(front + box, rel=0.03)
    assert front > 0.05
    assert box > 0.05


def test_the_diffuser_has_its_hole_and_is_not_seen(blender: str, tmp_path: Path) -> None:
    """With a hole as large as the plane nothing shines; a wide plane is cut by a round hole of the size it says."""

    def glow(**light: object) -> float:
        what = manifest(
            lights=[{"kind": "diffuser", "distance_mm": 200, **light}], backdrop=None, render={"samples": 64}
        )
        name = "-".join(map(str, light.values())).replace(" ", "")
        (frame,) = render(tmp_path / name, blender, what, [0])
        assert frame.light[0, 0, 3] == 0  # the plane stands between camera and part, and must not be seen
        return brightness(frame.light)

    whole = glow(size_mm=[200, 50], hole_diameter_mm=0)
    assert glow(size_mm=[200, 50], hole_diameter_mm=300) == 0
    # The hole takes the middle 50 mm and leaves two strips, which the turned plane would not have.
    cut = glow(size_mm=[200, 50], hole_diameter_mm=70)
    assert 0.3 * whole < cut < 0.75 * whole


def test_frames_of_an_instance_share_its_defects_and_instances_differ(blender: str, tmp_path: Path) -> None:
    dents = {"kind": "dent", "count": 2, "diameter_mm": {"kind": "uniform", "low": 5, "high": 8}}
    what = manifest(instances=2, repeats=2, defects=[dents], render={"samples": 64})
    a, b, c, _ = render(tmp_path, blender, what, [0, 1, 2, 3])
    assert a.defects == b.defects
    assert a.defects != c.defects
    # Another frame has other samples, which may tip a pixel on the outline, and nothing else.
    assert (a.masks.instances != b.masks.instances).sum() <= 0.05 * (a.masks.instances > 0).sum()
    assert (a.masks.instances > 0).sum() > 100


def test_a_frame_is_the_same_alone_and_among_others(blender: str, tmp_path: Path) -> None:
    dents = {"kind": "dent", "count": 2, "diameter_mm": 3}
    what = manifest(
        instances=2,
        repeats=2,
        defects=[dents],
        surface={"kind": "painted", "relief": "bump"},
        parameters=[{"id": "yaw", "target": "part.rotation_deg[2]", "distribution": UNIFORM}],
    )
    last = render(tmp_path / "all", blender, what, [0, 1, 2, 3])[-1]
    (alone,) = render(tmp_path / "alone", blender, what, [3])
    assert np.array_equal(last.light, alone.light)
    assert np.array_equal(last.labels, alone.labels)


def test_the_seed_of_cycles_follows_the_frame(blender: str, tmp_path: Path) -> None:
    first, second = render(tmp_path, blender, manifest(repeats=2), [0, 1])
    assert not np.array_equal(first.light, second.light)
    assert brightness(first.light) == pytest.approx(brightness(second.light), rel=0.03)


@pytest.mark.parametrize("relief", ["bump", "normal", "displacement"])
def test_each_relief_roughens_the_surface(blender: str, tmp_path: Path, relief: str) -> None:
    def contrast(kind: str) -> float:
        surface = {"kind": "painted", "relief": kind, "relief_height_mm": 0.6, "relief_scale_mm": 3, "crevice_level": 0}
        # The lamp stands at the first view, off to the side, so that it grazes what the second view sees.
        what = manifest(
            surface=surface | {"mesh_edge_mm": 0.5},
            views={"kind": "poses", "poses": [{"location_mm": [280, -110, 0]}, {"location_mm": [0, -300, 0]}]},
            lights=[{"kind": "diffuser", "radiance": 5, "size_mm": [30, 30], "hole_diameter_mm": 0}],
            render={"samples": 32},
        )
        (frame,) = render(tmp_path / kind, blender, what, [1])
        front = frame.light[20:76, 36:60, 0]
        return float(front.std() / front.mean())

    assert contrast(relief) > 2 * contrast("none")


def test_displacement_alone_holds_at_the_silhouette(blender: str, tmp_path: Path) -> None:
    def edge(kind: str) -> np.ndarray:
        surface = {"kind": "painted", "relief": kind, "relief_height_mm": 2, "relief_scale_mm": 4, "mesh_edge_mm": 0.5}
        (frame,) = render(tmp_path / kind, blender, manifest(surface=surface, render={"samples": 16}), [0])
        return frame.light[20:76, :48, 3].sum(axis=1)

    assert edge("bump").std() < 0.05
    assert edge("displacement").std() > 0.1


def test_an_absent_device_is_refused(blender: str, tmp_path: Path) -> None:
    code, events = run_shard(tmp_path, blender, manifest(), [0], device="metal")
    assert code == 2
    assert events[-1]["event"] == "refused"
    assert "device 'metal' is not available" in events[-1]["problem"]
    assert not list(tmp_path.glob("*.exr"))
