"""Masks of every kind of defect against its outline, which mathematics knows without a mesh or a render."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blender_addon.geometry.defects.forms import Defect
from blender_addon.geometry.defects.instances import MAKERS, draw_defects
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.mesh import Mesh
from blender_addon.geometry.preparation.prepare import prepare_part
from manifests import schema

from .rendering import BOX_MM, manifest, render, write_box
from .test_masks import PIXEL_MM

EYE_MM = np.array([40.0, -280.0, 30.0])
PLACES_MM = {
    "dent": [-7, -12.5, 15], "bump": [6, -12.5, 15], "scratch": [-4, -12.5, 6], "glue_pad": [6, -12.5, -12],
    "crack": [-4, -12.5, -6], "pore": [-7, -12.5, -16], "chip": [12.5, -12.5, 4],
}  # fmt: skip
SIZES = {
    "dent": {"diameter_mm": 5.0, "elongation": 1.5, "angle_deg": 30},
    "bump": {"diameter_mm": 5.0},
    "scratch": {"length_mm": 10.0, "width_mm": 0.9, "depth_mm": 0.1, "curving_deg": 30, "angle_deg": 20},
    "glue_pad": {"diameter_mm": 7.0, "irregularity": 0.6},
    "crack": {"length_mm": 9.0, "width_mm": 0.7, "depth_mm": 0.3, "angle_deg": -10},
    "pore": {"diameter_mm": 1.6, "depth_mm": 0.8, "holes": 4, "spread_mm": 5.0},
    "chip": {"length_mm": 6.0, "width_mm": 2.0},
}


def everything(size: int) -> schema.Manifest:
    entries = [
        {"kind": kind, "label": kind, **SIZES[kind], "placement": {"kind": "position", "position_mm": PLACES_MM[kind]}}
        for kind in MAKERS
    ]
    return manifest(
        defects=entries,
        camera={"image_px": [size, size]},
        views={"kind": "poses", "poses": [{"location_mm": EYE_MM.tolist()}]},
        render={"samples": 16},
    )


def inside_at(points_px: np.ndarray, size: int, defect: Defect) -> np.ndarray:
    """(n,) whether the ray through a point of the image meets the part's surface inside a defect's outline."""
    back = EYE_MM / np.linalg.norm(EYE_MM)
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    sensor = (points_px - size / 2) * PIXEL_MM * 96 / size
    rays = sensor[:, :1] * right - sensor[:, 1:] * up - 25 * back
    inside = np.zeros(len(rays), dtype=bool)
    half = np.array(BOX_MM) / 2
    for axis, sign in ((1, -1), (0, 1), (2, 1)):  # the faces that this eye sees
        hits = EYE_MM + (sign * half[axis] - EYE_MM[axis]) / rays[:, [axis]] * rays
        on_face = (np.abs(np.delete(hits, axis, 1)) <= np.delete(half, axis)).all(axis=1)
        near = np.linalg.norm(hits - defect.center_mm, axis=1) < 1.5 * defect.form.reach_mm
        inside |= on_face & near & (defect.form.outline_mm(defect.plane_mm(hits)) < 0)
    return inside


@pytest.mark.parametrize("size", [96, 192, 384])
def test_outlines_of_all_kinds_are_within_half_a_pixel(blender: str, tmp_path: Path, size: int) -> None:
    what = everything(size)
    (frame,) = render(tmp_path, blender, what, [0])
    mesh: Mesh = prepare_part(write_box(tmp_path))[0]
    defects, records, _ = draw_defects(what, Ground(mesh.vertices_mm, mesh.triangles), mesh, EYE_MM[None], 0)
    assert [d["kind"] for d in records] == list(MAKERS)
    rows, columns = np.indices((size, size))
    centres = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5])
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = 0.5 * np.column_stack([np.cos(turn), np.sin(turn)])
    for defect, record in zip(defects, records):
        found = (frame.masks.instances == defect.id).ravel()
        expected = inside_at(centres, size, defect)
        # A pixel is more than half a pixel off where all around it, half a pixel away, the truth is the other.
        wrong = np.flatnonzero(found != expected)
        around = np.stack([inside_at(centres[wrong] + step, size, defect) for step in ring])
        far = wrong[(around != found[wrong]).all(axis=0)]
        assert found.sum() >= 10, record["kind"]
        assert not len(far), f"{record['kind']}: {len(far)} of {found.sum()} pixels are off by more than half a pixel"
