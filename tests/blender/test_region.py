"""Rendering the part's rectangle alone gives the very image, for less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from manifests import schema

from .rendering import manifest, render


def small_part(**render_fields: object) -> schema.Manifest:
    """The box, out of focus, turned, with dents and dust, in a wide image from beside the sensor's middle."""
    return manifest(
        camera={
            "image_px": [160, 96],
            "region_px": [1136, 774, 3000, 1800],
            "f_number": 4.0,
            "focus_distance_mm": 300.0,
            "offset_mm": [-25.0, -12.0, 0.0],
            "tilt_deg": [0.0, 0.0, 20.0],
        },
        views={"kind": "poses", "poses": [{"location_mm": [0, -520, 0]}]},
        part={"rotation_deg": [0.0, 10.0, 30.0]},
        defects=[{"kind": "dent", "count": 2, "diameter_mm": 6.0, "depth_mm": 1.0}],
        impurities=[{"kind": "dust", "density_per_cm2": 6, "diameter_mm": 1.5}],
        surface={"kind": "painted", "relief": "displacement", "mesh_edge_mm": 0.8},
        render={"samples": 8, **render_fields},
    )


@pytest.mark.parametrize("masks", ["aov", "emissive"])
def test_the_rectangle_of_the_part_holds_all_of_it(blender: str, tmp_path: Path, masks: str) -> None:
    (whole,) = render(tmp_path / "whole", blender, small_part(masks=masks), [0])
    (part,) = render(tmp_path / "part", blender, small_part(masks=masks, region="part", region_margin_px=0), [0])
    shown = np.argwhere(whole.light[..., 3] > 0)
    (top, left), (bottom, right) = shown.min(axis=0), shown.max(axis=0)
    # What is compared is neither the whole image nor cut by its edge.
    assert 0 < left < right < 159 and 0 < top < bottom < 95
    assert (right - left) * (bottom - top) < 160 * 96 / 2
    assert np.array_equal(whole.light, part.light)
    assert np.array_equal(whole.labels, part.labels)
    assert (part.masks.classes > 0).any()
