"""Surfaces, rendered: each has a relief of its own, its parameters drive it, and several share a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from manifests import schema
from manifests.fields import options

from .rendering import Frame, manifest, render, run_shard

KINDS = [each.KIND for each in options(schema.Surface)]
# 0.12 mm a pixel: a close look at the front, which reflects the small lamp into the lens.
CLOSE: dict[str, Any] = {
    "camera": {"region_px": [2502, 1590, 468, 468], "image_px": [48, 48]},
    "views": {"kind": "poses", "poses": [{"location_mm": [0, -150, 0]}]},
    "lights": [{"kind": "diffuser", "radiance": 3, "distance_mm": 150, "size_mm": [12, 12], "hole_diameter_mm": 0}],
    "render": {"samples": 16},
}
DEPTHS = (
    "relief_height_mm",
    "depth_mm",
    "height_mm",
    "crater_depth_mm",
    "grain_height_mm",
    "seam_depth_mm",
    "tilt_deg",
)
"""What takes the relief of a surface away where it is 0; pits are few enough to miss the picture."""


def plain(kind: str, **values: Any) -> dict[str, Any]:
    """Plain data of a surface with all its lines across the front, and no paint missing."""
    owner = next(each for each in options(schema.Surface) if kind == each.KIND)
    wishes = {"axis": [0, 1, 0], "crevice_level": 0, "center_mm": [9, 0, 0], **values}
    return {"kind": kind} | {name: value for name, value in wishes.items() if hasattr(owner(), name)}


def contrast(frame: Frame) -> float:
    light = frame.light[..., 0]
    # Of neighbours, so that the shading of the whole does not count.
    return float(np.hypot(np.diff(light, axis=0)[:, :-1], np.diff(light, axis=1)[:-1]).mean() / light.mean())


def likeness(one: Frame, other: Frame) -> float:
    """Correlation of fine detail; the samples' noise, which is different in each frame, lowers it."""
    first, second = (np.diff(f.light[..., 0], axis=0).ravel() for f in (one, other))
    return float(np.corrcoef(first, second)[0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_each_surface_has_a_relief_that_its_depth_takes_away_and_each_instance_its_own(
    blender: str, tmp_path: Path, kind: str
) -> None:
    surface = plain(kind)
    defaults = vars(manifest(surface=surface).surface)
    drawn = [
        {"id": name, "target": f"surface.{name}", "distribution": {"kind": "grid", "low": 0, "high": high, "steps": 2}}
        for name, high in defaults.items()
        if name in DEPTHS
    ]
    what = manifest(surface=surface, instances=2, repeats=4, parameters=drawn, **CLOSE)
    flat, first, again, other = render(tmp_path, blender, what, [0, 1, 3, 5])
    assert np.isfinite(first.light).all()
    assert contrast(first) > 1.2 * contrast(flat)
    assert likeness(first, again) > likeness(first, other) + 0.2


def test_lines_run_the_way_they_are_told(blender: str, tmp_path: Path) -> None:
    """Along the scratches light hardly changes, across them it does; a face that looks along them has them as well."""

    def across_over_along(direction: list[float]) -> float:
        surface = plain("brushed", direction=direction, width_mm=0.5, depth_mm=0.05, spread_deg=0)
        (frame,) = render(tmp_path / str(direction), blender, manifest(surface=surface, **CLOSE), [0])
        light = frame.light[..., 0]
        return float(np.abs(np.diff(light, axis=0)).mean() / np.abs(np.diff(light, axis=1)).mean())

    assert across_over_along([1, 0, 0]) > 1.5
    assert across_over_along([0, 0, 1]) < 1 / 1.5
    assert across_over_along([0, 1, 0]) > 1.5


SEVERAL: dict[str, Any] = {
    "surface": {"kind": "painted", "relief": "none", "color": [0, 0, 1], "crevice_level": 0, "specular": 0},
    "surfaces": [
        {
            "where": {"normal": [1, 0, 0]},
            "surface": {"kind": "polymer", "color": [1, 0, 0], "specular": 0, "relief_height_mm": 0},
        },
        {"where": {"normal": [0, 0, 1]}, "surface": {"kind": "turned", "color": [0, 0.9, 0]}},
    ],
    "views": {"kind": "poses", "poses": [{"location_mm": [200, -200, 160]}]},
    "lights": [{"kind": "world", "radiance": 1}],
    "backdrop": None,
    "impurities": [{"kind": "dust", "density_per_cm2": 6, "diameter_mm": 1.5}],
    "defects": [
        {"kind": "dent", "diameter_mm": 6, "placement": {"kind": "position", "position_mm": place}}
        for place in ([0, -12.5, 0], [12.5, 0, 0], [0, 0, 25])
    ],
}


def test_several_surfaces_share_a_part_and_its_masks(blender: str, tmp_path: Path) -> None:
    (aov,) = render(tmp_path / "aov", blender, manifest(**SEVERAL), [0])
    (emissive,) = render(tmp_path / "emissive", blender, manifest(**SEVERAL, render={"masks": "emissive"}), [0])
    for number, channel in ((1, 2), (2, 0), (3, 1)):
        mask = aov.masks.instances == number
        assert mask.sum() > 20
        assert (aov.light[mask].mean(axis=0)[:3].argmax()) == channel
        both = mask & (emissive.masks.instances == number)
        assert both.sum() >= 0.95 * (mask | (emissive.masks.instances == number)).sum()
    assert np.array_equal(aov.light, emissive.light)
    # Dust lies on all of them, and its mask on the dust.
    dust = aov.masks.classes == 2
    for channel in range(3):
        alone = (aov.light[..., :3].argmax(axis=2) == channel) & (aov.light[..., 3] == 1)
        assert 0.02 < (dust & alone).sum() / alone.sum() < 0.5


def test_a_parameter_drives_a_surface_of_the_list(blender: str, tmp_path: Path) -> None:
    red = "surfaces[0].surface.color[0]"
    values = {"kind": "grid", "low": 0.2, "high": 0.8, "steps": 2}
    drawn = {"parameters": [{"id": "red", "target": red, "distribution": values}], "repeats": 2}
    dark, bright = render(tmp_path, blender, manifest(**SEVERAL, **drawn), [0, 1])
    face = dark.masks.instances == 2
    assert bright.light[face][:, 0].mean() == pytest.approx(4 * dark.light[face][:, 0].mean(), rel=0.1)


def test_a_region_that_selects_nothing_is_refused_before_anything_is_rendered(blender: str, tmp_path: Path) -> None:
    lost = [{"where": {"objects": ["nut"]}, "surface": {"kind": "cast"}}]
    code, events = run_shard(tmp_path, blender, manifest(surfaces=lost), [0])
    assert code == 2
    assert [event["event"] for event in events] == ["refused"]
    assert events[0]["problem"].startswith("surfaces[0].where.objects[0]: selects nothing: no object is named 'nut'")


def test_text_stands_in_the_surface_where_it_is_told_and_as_often(blender: str, tmp_path: Path) -> None:
    """On the front, 6 mm wide at 0.12 mm a pixel: an I is a line, upright on the picture where its direction is x."""

    def changed(name: str, **fields: Any) -> np.ndarray:
        text = {"text": "I", "height_mm": 3, "depth_mm": 0.3, "normal": [0, -1, 0], **fields}
        surface = plain("polymer", relief_height_mm=0) | {"engraving": text}
        (frame,) = render(tmp_path / name, blender, manifest(surface=surface, **CLOSE), [0])
        light = frame.light[..., 0]
        return np.argwhere(np.abs(light - np.median(light)) > 0.2 * np.median(light))

    rows, columns = changed("upright").T
    assert np.ptp(rows) > 3 * np.ptp(columns) > 0
    assert abs(rows.mean() - 23.5) < 3 and abs(columns.mean() - 23.5) < 3
    rows, columns = changed("lying", direction=[0, 0, 1]).T
    assert np.ptp(columns) > 3 * np.ptp(rows)
    # Copies 2 mm to either side.
    _, columns = changed("repeated", spacing_mm=[2, 100]).T
    assert set(range(24 - 17, 24 + 18, 17)) <= {int(c) + d for c in columns for d in (-2, -1, 0, 1, 2)}
    assert not len(changed("other side", normal=[0, 1, 0]))
