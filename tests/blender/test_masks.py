"""Masks against what geometry says they must be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from .rendering import BOX_MM, manifest, render

PIXEL_MM = 13.2 / 5472 * 2250 / 96
"""Side of a pixel of the 96 x 96 test image on the sensor; other sizes scale it."""


def dent(x_mm: float, z_mm: float, diameter_mm: float, **sizes: float) -> dict[str, object]:
    """A dent at a point of the front face."""
    place = {"kind": "position", "position_mm": [x_mm, -BOX_MM[1] / 2, z_mm]}
    return {"kind": "dent", "diameter_mm": diameter_mm, "depth_mm": 0.3, "placement": place, **sizes}


def project(points_mm: np.ndarray, eye_mm: np.ndarray, size: int) -> np.ndarray:
    """Pixel coordinates (n, 2), x to the right and y down, of points seen from an eye that looks at the origin."""
    back = eye_mm / np.linalg.norm(eye_mm)
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    offset = points_mm - eye_mm
    pixel_mm = PIXEL_MM * 96 / size
    scale = 25 / -(offset @ back) / pixel_mm
    return np.column_stack([size / 2 + offset @ right * scale, size / 2 - offset @ up * scale])


def outline(entry: dict[str, object], eye_mm: np.ndarray, size: int) -> np.ndarray:
    """The true outline of a dent on the front face, (720, 2) in pixels."""
    x, y, z = entry["placement"]["position_mm"]  # type: ignore[index]
    ratio = math.sqrt(float(entry.get("elongation", 1)))  # type: ignore[arg-type]
    radius = float(entry["diameter_mm"]) / 2  # type: ignore[arg-type]
    turn = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    angle = math.radians(float(entry.get("angle_deg", 0)))  # type: ignore[arg-type]
    along, across = np.cos(turn) * radius * ratio, np.sin(turn) * radius / ratio
    right = math.cos(angle) * along - math.sin(angle) * across
    up = math.sin(angle) * along + math.cos(angle) * across
    return project(np.column_stack([x + right, np.full(720, y), z + up]), eye_mm, size)


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """(n,) whether points lie in a convex polygon."""
    side = np.roll(polygon, -1, axis=0) - polygon
    offset = points[:, None] - polygon
    turn = side[:, 0] * offset[..., 1] - side[:, 1] * offset[..., 0]
    return (turn >= 0).all(axis=1) | (turn <= 0).all(axis=1)


@pytest.mark.parametrize("size", [96, 192, 384])
@pytest.mark.parametrize("eye_mm", [(0, -300, 0), (150, -260, 40)], ids=["frontal", "oblique"])
def test_outline_of_a_known_dent_is_within_half_a_pixel(
    blender: str, tmp_path: Path, size: int, eye_mm: tuple[float, float, float]
) -> None:
    entry = dent(3.0, 5.0, 6.0, elongation=1.6, angle_deg=30)
    what = manifest(
        defects=[entry],
        camera={"image_px": [size, size]},
        views={"kind": "poses", "poses": [{"location_mm": list(eye_mm)}]},
        render={"samples": 16},
    )
    (frame,) = render(tmp_path, blender, what, [0])
    truth = outline(entry, np.array(eye_mm, dtype=float), size)
    rows, columns = np.indices((size, size))
    centres = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5])
    expected = inside(centres, truth).reshape(size, size)
    wrong = (frame.masks.instances == 1) != expected
    gap = np.linalg.norm(centres[wrong.ravel()][:, None] - truth, axis=2).min(axis=1, initial=np.inf)
    assert expected.sum() > 40
    assert (gap <= 0.5).all(), f"a pixel of the mask is {gap.max():.2f} px off the outline"
    area = 0.5 * abs(np.sum(truth[:, 0] * np.roll(truth[:, 1], -1) - truth[:, 1] * np.roll(truth[:, 0], -1)))
    perimeter = np.linalg.norm(np.roll(truth, -1, axis=0) - truth, axis=1).sum()
    assert abs((frame.masks.instances == 1).sum() - area) < 0.25 * perimeter


def test_ids_never_mix_where_dents_nearly_touch(blender: str, tmp_path: Path) -> None:
    # 1.2 times the sum of the radii apart is as near as they may lie; the image is so coarse that they share pixels.
    row = [dent(-7.3 + 2.44 * k, 0.7 * k, 2.0) for k in range(7)]
    what = manifest(defects=row, camera={"image_px": [64, 64]}, render={"samples": 16})
    (frame,) = render(tmp_path, blender, what, [0])
    share = frame.labels[..., 2]
    assert [d["id"] for d in frame.defects] == [1, 2, 3, 4, 5, 6, 7]
    assert set(np.unique(frame.masks.instances)) == set(range(8))
    eye = np.array([0.0, -300.0, 0.0])
    for number, entry in enumerate(row, start=1):
        rows, columns = np.nonzero(frame.masks.instances == number)
        own = outline(entry, eye, 64).mean(axis=0)
        # The next dent is 2.8 px away, so a pixel nearer than 1.9 px to this one's centre is its own.
        assert np.linalg.norm(np.column_stack([columns, rows]) + 0.5 - own, axis=1).max() < 1.9
    assert (frame.masks.instances[share >= 0.5] > 0).all()


@pytest.mark.parametrize("relief", ["bump", "displacement"])
def test_emissive_and_aov_agree(blender: str, tmp_path: Path, relief: str) -> None:
    fields = {
        "defects": [dent(-5, 10, 4), dent(4, -8, 5, elongation=2)],
        "impurities": [{"kind": "dust", "density_per_cm2": 6, "diameter_mm": 1.5}],
        "surface": {"kind": "painted", "relief": relief, "mesh_edge_mm": 0.8},
        "camera": {"image_px": [192, 192], "f_number": 4},
    }
    (aov,) = render(tmp_path / "aov", blender, manifest(**fields), [0])
    (emissive,) = render(tmp_path / "emissive", blender, manifest(**fields, render={"masks": "emissive"}), [0])
    assert np.array_equal(aov.light, emissive.light)
    for number in (1, 2):
        one, other = aov.masks.instances == number, emissive.masks.instances == number
        assert one.sum() >= 20
        assert (one & other).sum() >= 0.99 * (one | other).sum()
    assert (aov.masks.classes == 2).sum() > 20
    assert np.array_equal(aov.masks.classes, emissive.masks.classes)


def test_alpha_is_the_mask_of_the_part(blender: str, tmp_path: Path) -> None:
    what = manifest(camera={"image_px": [96, 96]}, render={"samples": 16})
    (frame,) = render(tmp_path, blender, what, [0])
    corners = np.array([[x, -12.5, z] for x in (-12.5, 12.5) for z in (-25.0, 25.0)])
    pixels = project(corners, np.array([0.0, -300.0, 0.0]), 96)
    width, height = pixels.max(axis=0) - pixels.min(axis=0)
    assert frame.light[..., 3].sum() == pytest.approx(width * height, rel=0.01)
    assert frame.light[0, 0].tolist() == [0, 0, 0, 0]
