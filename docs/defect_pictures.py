"""Make docs/images/defects.png: each kind of defect on a painted and on a brushed surface.

    PYTHONPATH=. python docs/defect_pictures.py [FILE [KIND ...]]

From above: painted, brushed metal, the mask. It renders for real: a minute or two on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from manifests.encoding import encode
from tests.blender.rendering import manifest, render

SIDE, GAP = 176, 4
KINDS = {
    "dent": {"diameter_mm": 3.0, "depth_mm": 0.35, "elongation": 1.3, "angle_deg": 30},
    "bump": {"diameter_mm": 3.0, "height_mm": 0.3, "elongation": 1.2, "angle_deg": 120},
    "scratch": {"length_mm": 10.0, "width_mm": 0.3, "depth_mm": 0.07, "angle_deg": 35, "curving_deg": 25},
    "chip": {"length_mm": 5.0, "width_mm": 1.6, "depth_mm": 0.3},
    "glue_pad": {"diameter_mm": 6.0, "height_mm": 0.5, "rim_mm": 0.8},
    "crack": {"length_mm": 10.0, "width_mm": 0.16, "depth_mm": 0.4, "angle_deg": 20},
    "pore": {"diameter_mm": 0.9, "depth_mm": 0.6, "holes": 7, "spread_mm": 5.0},
}
LIGHTS = [
    {"kind": "panel", "name": "window", "radiance": 6.0, "location_mm": [-160, -120, 120], "size_mm": [90, 90]},
    {"kind": "panel", "name": "side", "radiance": 4.0, "location_mm": [190, -40, 90], "size_mm": [120, 120]},
    {"kind": "world", "name": "world", "radiance": 0.25},
]
SURFACES = {
    "painted": {"kind": "painted", "color": [0.25, 0.3, 0.33], "relief": "bump", "relief_height_mm": 0.01},
    "brushed": {"kind": "brushed"},
}


def picture(folder: Path, kind: str, surface: str) -> tuple[Image.Image, Image.Image]:
    """A defect from close by, at the part's edge where it is a chip, and its mask."""
    spot = [0.0, -12.5, 25.0] if kind == "chip" else [0.0, -12.5, 10.0]
    eye = [15.0, -105.0, 85.0] if kind == "chip" else [15.0, -118.0, 30.0]
    what = manifest(
        defects=[{"kind": kind, **KINDS[kind], "placement": {"kind": "position", "position_mm": spot}}],
        surface=SURFACES[surface],
        camera={"region_px": [2000, 1088, 1472, 1472], "image_px": [SIDE, SIDE]},
        views={"kind": "poses", "poses": [{"location_mm": eye, "target_mm": spot}]},
        lights=LIGHTS,
        render={"samples": 32, "bounces": 3},
    )
    (frame,) = render(folder / f"{kind}-{surface}", sys.executable, what, [0])
    pixels = np.rint(encode(frame.light[..., :3], what.output) * 255).astype(np.uint8)
    return Image.fromarray(pixels), Image.fromarray((frame.masks.instances > 0).astype(np.uint8) * 255)


def main(target: str = "docs/images/defects.png", *kinds: str) -> None:
    columns = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds or tuple(KINDS):
            column: list[Image.Image] = []
            for surface in SURFACES:
                image, mask = picture(Path(folder), kind, surface)
                column.append(image)
            columns.append([*column, mask])
    sheet = Image.new("RGB", (len(columns) * (SIDE + GAP) - GAP, len(columns[0]) * (SIDE + GAP) - GAP), "white")
    for number, column in enumerate(columns):
        for row, image in enumerate(column):
            sheet.paste(image, (number * (SIDE + GAP), row * (SIDE + GAP)))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(160, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
