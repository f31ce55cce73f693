"""Masks of impurities against their outlines, which mathematics knows without a render; who wins where they meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blender_addon.geometry.defects.instances import build_instance
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.impurities.dust import specks
from blender_addon.geometry.impurities.fingerprints import fingerprints
from blender_addon.geometry.impurities.instances import Laid, lay_on
from blender_addon.geometry.impurities.stickers import CORNER
from blender_addon.geometry.impurities.water_stains import water_stains
from blender_addon.geometry.preparation.prepare import prepare_part
from manifests import schema

from .rendering import BOX_MM, manifest, render, run_shard, table, write_box
from .test_masks import PIXEL_MM, dent

EYE_MM = np.array([40.0, -280.0, 30.0])
FRONT = -BOX_MM[1] / 2


def at(x_mm: float, z_mm: float) -> dict[str, Any]:
    return {"kind": "position", "position_mm": [x_mm, FRONT, z_mm]}


STAIN = {"kind": "water_stain", "radius_mm": 6, "amplitude_mm": 2, "frequency_per_mm": 0.3, "center_mm": [3, -10, 14]}
PRINT = {"kind": "fingerprint", "width_mm": 11, "length_mm": 15, "placement": at(-4, -1)}
STICKER = {
    "kind": "sticker", "width_mm": 13, "height_mm": 8, "curl_mm": 0, "thickness_mm": 0.05, "angle_deg": 20,
    "placement": at(3, -16),
}  # fmt: skip
ALL = [STAIN, PRINT, STICKER]
DUST = {"kind": "dust", "diameter_mm": 4, "density_per_cm2": 2}


def scene(size: int, impurities: list[dict[str, Any]], **fields: Any) -> schema.Manifest:
    values = {"camera": {"image_px": [size, size]}, "render": {"samples": 16}, **fields}
    views = {"kind": "poses", "poses": [{"location_mm": EYE_MM.tolist()}]}
    return manifest(impurities=impurities, **{"views": views, **values})


def laid_on(folder: Path, what: schema.Manifest, number: int = 0) -> Laid:
    mesh = prepare_part(write_box(folder))[0]
    ground = Ground(mesh.vertices_mm, mesh.triangles)
    return lay_on(what, ground, mesh, EYE_MM[None], build_instance(what, ground, mesh, EYE_MM[None], number), number)


def on_front(points_px: np.ndarray, size: int, over_mm: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) points at which rays meet the plane of the front, or one over it, and (n,) whether the front is there."""
    back = EYE_MM / np.linalg.norm(EYE_MM)
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    sensor = (points_px - size / 2) * PIXEL_MM * 96 / size
    rays = sensor[:, :1] * right - sensor[:, 1:] * up - 25 * back
    hits = EYE_MM + (FRONT - over_mm - EYE_MM[1]) / rays[:, [1]] * rays
    half = np.array(BOX_MM) / 2
    return hits, (np.abs(hits[:, [0, 2]]) <= half[[0, 2]]).all(axis=1)


def classes_at(points_px: np.ndarray, size: int, what: schema.Manifest, laid: Laid, new: bool) -> np.ndarray:
    """(n,) labels of the impurities that rays through points of the image meet on the front, 0 beside them."""
    hits, there = on_front(points_px, size)
    texture = table(what).value("@texture", 0)
    normals = np.tile([0.0, -1.0, 0.0], (len(hits), 1))
    stain, greasy, _, dust = what.impurities
    assert isinstance(stain, schema.WaterStain) and isinstance(greasy, schema.Fingerprint)
    assert isinstance(dust, schema.Dust)
    cell_hash = "pcg" if new else "lookup3"
    found = np.zeros(len(hits), dtype=np.int64)
    found[water_stains(hits, stain, texture, cell_hash)[0]] = what.labels["water_stain"]
    found[fingerprints(hits, normals, laid.prints[0], greasy, texture)[0]] = what.labels["fingerprint"]
    found[specks(hits, dust, texture, cell_hash)] = what.labels["dust"]
    found[~there] = 0
    hits, _ = on_front(points_px, size, STICKER["thickness_mm"])
    turn = np.radians(STICKER["angle_deg"])
    x, z = hits[:, 0] - 3, hits[:, 2] + 16
    local = np.abs(np.column_stack([np.cos(turn) * x + np.sin(turn) * z, np.cos(turn) * z - np.sin(turn) * x]))
    radius = CORNER * STICKER["height_mm"]
    beyond = local - np.array([STICKER["width_mm"], STICKER["height_mm"]]) / 2 + radius
    found[np.linalg.norm(np.maximum(beyond, 0), axis=1) < radius] = what.labels["sticker"]
    return found


@pytest.mark.parametrize("size", [96, 192, 384])
def test_outlines_are_within_half_a_pixel(blender: str, tmp_path: Path, size: int) -> None:
    what = scene(size, [*ALL, DUST], render={"samples": 8 if size > 192 else 16})
    (frame,) = render(tmp_path, blender, what, [0])
    laid, new = laid_on(tmp_path, what), not frame.blender.startswith("4.")
    rows, columns = np.indices((size, size))
    centres = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5])
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = 0.5 * np.column_stack([np.cos(turn), np.sin(turn)])
    truth = classes_at(centres, size, what, laid, new)
    found = np.where(on_front(centres, size)[1], frame.masks.classes.ravel(), 0)
    # A pixel is more than half a pixel off where nowhere around it, half a pixel away, the truth is what it says.
    wrong = np.flatnonzero(found != truth)
    around = np.stack([classes_at(centres[wrong] + step, size, what, laid, new) for step in ring])
    far = wrong[(around != found[wrong]).all(axis=0)]
    for kind, value in what.labels.items():
        assert (found == value).sum() >= 100, kind
        off = (found[far] == value) | (truth[far] == value)
        assert not off.any(), f"{kind}: {off.sum()} pixels are off by more than half a pixel"
    assert (frame.masks.instances[frame.masks.classes > 0] == 0).all()


def test_emissive_masks_agree(blender: str, tmp_path: Path) -> None:
    (aov,) = render(tmp_path / "aov", blender, scene(128, ALL, render={"samples": 8}), [0])
    both = scene(128, ALL, render={"samples": 8, "masks": "emissive"})
    (emissive,) = render(tmp_path / "emissive", blender, both, [0])
    assert np.array_equal(aov.light, emissive.light)
    for value in (1, 2, 3):
        one, other = aov.masks.classes == value, emissive.masks.classes == value
        assert one.sum() > 150
        assert (one & other).sum() >= 0.98 * (one | other).sum()


def test_a_defect_outweighs_what_lies_on_it_and_the_later_impurity_the_earlier(blender: str, tmp_path: Path) -> None:
    wide = STAIN | {"radius_mm": 90, "amplitude_mm": 0}
    dust = {"kind": "dust", "density_per_cm2": 8, "diameter_mm": 2}
    dents = [dent(-6, 16, 5), dent(6, -2, 5, insignificant=True)]
    entries = [wide, dust, {**PRINT, "placement": at(6, -2)}, {**STICKER, "angle_deg": 0, "placement": at(-3, -19)}]
    what = scene(192, entries, defects=dents)
    assert what.labels == {"background": 0, "dent": 1, "water_stain": 2, "dust": 3, "fingerprint": 4, "sticker": 5}
    (frame,) = render(tmp_path, blender, what, [0])
    classes, front = frame.masks.classes, frame.light[..., 3] == 1
    assert np.array_equal(classes == 1, frame.masks.instances == 1)
    assert (classes == 1).sum() > 150
    assert [(d["id"], d.get("insignificant", False)) for d in frame.defects] == [(1, False), (2, True)]
    for value in (2, 3, 4, 5):
        assert (classes[front] == value).sum() > 100
    # The sea of the stain leaves nothing free; the print, which is one piece, is laid over the dust.
    assert (classes[front] == 0).sum() < 30
    turned = scene(192, [dust, wide], defects=dents)
    (covered,) = render(tmp_path / "turned", blender, turned, [0])
    assert (covered.masks.classes == turned.labels["dust"]).sum() == 0


def test_each_instance_has_its_own_and_frames_do_not_depend_on_what_came_before(blender: str, tmp_path: Path) -> None:
    anywhere = {"kind": "area", "facing_deg": 60}
    entries = [
        STAIN | {"center_mm": None, "cell_mm": 14},
        {**PRINT, "width_mm": 8, "length_mm": 10, "placement": anywhere},
        {**STICKER, "width_mm": 8, "height_mm": 5, "curl_mm": 2, "placement": anywhere},
    ]
    what = scene(96, entries, instances=2, seed=3, render={"samples": 4})
    first, second = render(tmp_path / "all", blender, what, [0, 1])
    (again,) = render(tmp_path / "one", blender, what, [1])
    assert np.array_equal(second.light, again.light) and np.array_equal(second.labels, again.labels)
    for value in (1, 2, 3):
        one, other = first.masks.classes == value, second.masks.classes == value
        assert one.any() and other.any()
        assert (one & other).sum() < 0.7 * (one | other).sum()


def test_without_impurities_all_else_stays(blender: str, tmp_path: Path) -> None:
    """The twin without them: the same defects, texture and noise, bit for bit, wherever none of them is near."""
    fields: dict[str, Any] = {
        "defects": [{"kind": "dent", "count": 3, "diameter_mm": 2, "placement": {"kind": "area", "facing_deg": 60}}],
        "surface": {"kind": "brushed"},
        "lights": [{"kind": "world", "radiance": 1}],
        "backdrop": None,
    }
    entries = [STAIN, PRINT, STICKER]
    (dirty,) = render(tmp_path / "dirty", blender, scene(96, entries, **fields), [0])
    (clean,) = render(tmp_path / "clean", blender, scene(96, [], **fields), [0])
    assert dirty.defects == clean.defects
    assert np.array_equal(dirty.masks.instances > 0, (clean.masks.instances > 0) & (dirty.masks.classes != 4))
    same = (dirty.light == clean.light).all(axis=2)
    touched = dirty.labels[..., 2] > 0
    assert same[~touched].all()
    assert (~same[touched]).mean() > 0.5


def test_parameters_drive_them(blender: str, tmp_path: Path) -> None:
    ends = {
        "impurities[0].intensity": (-0.9, 0.0),
        "impurities[1].intensity": (-0.9, 0.0),
        "impurities[2].color[0]": (0.05, 0.8),
    }
    drawn = [
        {"id": f"p{k}", "target": name, "distribution": {"kind": "grid", "low": low, "high": high, "steps": 2}}
        for k, (name, (low, high)) in enumerate(ends.items())
    ]
    what = scene(64, ALL, repeats=2, parameters=drawn, render={"samples": 4})
    dark, bright = render(tmp_path, blender, what, [0, 1])
    brighter = []
    for value in range(4):
        here = (dark.masks.classes == value) & (dark.light[..., 3] == 1)
        brighter.append(bright.light[here][:, 0].mean() / dark.light[here][:, 0].mean())
    assert min(brighter[1:]) > 1.08 * brighter[0]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({**STICKER, "width_mm": 60}, "impurities[0].placement.position_mm: the sticker does not fit there"),
        (
            {**PRINT, "placement": {"kind": "region", "normal": [1, 1, 1]}},
            "impurities[0].placement: the region selects",
        ),
    ],
)
def test_what_finds_no_place_is_refused(tmp_path: Path, blender: str, entry: dict[str, Any], problem: str) -> None:
    code, events = run_shard(tmp_path, blender, scene(64, [entry]), [0])
    assert code == 2
    assert events[-1]["problem"].startswith(problem)
