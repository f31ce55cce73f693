"""Make docs/images/relief.png: what four lamps tell of a face with a dent, a bump and a scratch, and what is true.

    PYTHONPATH=. python docs/relief_pictures.py [FILE]

Above: an image, and normals, gradient and curvature from the light states; below: the same from the pass. It renders
for real: a minute or two on two cores.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

from tests.blender.rendering import write_box
from worker import runs
from worker.relief import make_reliefs, open_task

SIDE, GAP = 176, 4
LAMPS = {"right": [250, 0, 0], "left": [-250, 0, 0], "up": [0, 250, 0], "down": [0, -250, 0]}
DEFECTS = [
    {"kind": "dent", "diameter_mm": 7, "depth_mm": 0.8, "placement": [-5, -12.5, 6]},
    {"kind": "bump", "diameter_mm": 6, "height_mm": 0.7, "placement": [5, -12.5, 5]},
    {"kind": "scratch", "length_mm": 14, "width_mm": 0.9, "depth_mm": 0.2, "placement": [0, -12.5, -6]},
]
MANIFEST = {
    "name": "relief",
    "part": {"file": "box.stl"},
    "camera": {"region_px": [2011, 1099, 1450, 1450], "image_px": [SIDE, SIDE], "f_number": 0},
    "views": {"kind": "poses", "poses": [{"location_mm": [0, -300, 0]}]},
    "surface": {"kind": "painted", "relief": "none", "crevice_level": 0, "specular": 0, "roughness": 1},
    "lights": [
        {
            "kind": "spot", "name": name, "power_w": 3, "radius_mm": 10, "follow": "camera",
            "location_mm": place, "target_mm": [0, 0, -300],
        }
        for name, place in LAMPS.items()
    ],
    "light_states": [{"name": name, "lights": [name]} for name in LAMPS],
    "defects": [{**d, "placement": {"kind": "position", "position_mm": d["placement"]}} for d in DEFECTS],
    "render": {"samples": 32, "bounces": 0},
    "output": {"bit_depth": 16, "flatten": True, "passes": ["normal_camera", "depth", "position"]},
}  # fmt: skip


def main(target: str = "docs/images/relief.png") -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_box(place)
        (place / "relief.json").write_text(json.dumps(MANIFEST))
        runs.render(place / "relief.json", place / "set", runs.Options())
        (made,) = make_reliefs(open_task(place / "set", place / "out"))
        print((made / "relief.json").read_text())
        with OpenEXR.File(str(made / "relief.exr"), separate_channels=True) as file:
            layers = {name: channel.pixels for name, channel in file.channels().items()}
        with Image.open(place / "set" / "pairs" / "0000" / "0000000" / "image.png") as picture:
            image = picture.convert("RGB")
    truth = np.abs(layers["truth_curvature.V"])
    steepest, most = 0.5, float(np.percentile(truth, 99))
    rows = []
    for prefix in ("", "truth_"):
        normal = np.dstack([layers[f"{prefix}normal.{letter}"] for letter in "XYZ"])
        slope = np.hypot(layers[f"{prefix}gradient.X"], layers[f"{prefix}gradient.Y"])
        rows.append([0.5 + 0.5 * normal, slope / steepest, 0.5 + 0.5 * layers[f"{prefix}curvature.V"] / most])
    sheet = Image.new("RGB", (4 * (SIDE + GAP) - GAP, 2 * (SIDE + GAP) - GAP), "white")
    sheet.paste(image, (0, 0))
    for row, pictures in enumerate(rows):
        for column, values in enumerate(pictures, start=1):
            tile = Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8))
            sheet.paste(tile, (column * (SIDE + GAP), row * (SIDE + GAP)))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
