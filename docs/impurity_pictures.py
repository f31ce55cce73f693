"""Make docs/images/impurities.png: each kind of impurity on a brushed plate under a ring light, above its mask.

    PYTHONPATH=. python docs/impurity_pictures.py [FILE [NAME ...]]

It renders for real: a minute or two on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from manifests.encoding import encode
from tests.blender.rendering import manifest, render

PLATE = Path(__file__).resolve().parent.parent / "manifests/examples/parts/plate.step"
SIDE, GAP = 208, 4
MIDDLE = {"kind": "position", "position_mm": [0, 0, 1]}
WINDOW_MM = {"dust": 36, "dark_stains": 84, "bright_stains": 84, "fingerprint": 28, "sticker": 28}
"""Of each picture, the side of what it shows."""
ENTRIES: dict[str, dict[str, Any]] = {
    "dust": {"kind": "dust"},
    "dark_stains": {"kind": "water_stain", "cell_mm": 20},
    "bright_stains": {"kind": "water_stain", "cell_mm": 20, "intensity": 0.35, "decay": 8},
    "fingerprint": {"kind": "fingerprint", "placement": MIDDLE, "angle_deg": 110, "intensity": -0.2},
    "sticker": {"kind": "sticker", "placement": MIDDLE, "angle_deg": 12},
}
LIGHTS = [
    {"kind": "ring", "radiance": 1.3, "diameter_mm": 170, "width_mm": 44, "sides": 6, "distance_mm": 40},
    {"kind": "world", "radiance": 0.18},
]


def picture(folder: Path, name: str) -> tuple[Image.Image, Image.Image]:
    """An impurity from above, the sticker from a little aside, and its mask."""
    eye = [-55.0, -120.0, 190.0] if name == "sticker" else [0.0, -0.01, 231.0]
    what = manifest(
        impurities=[ENTRIES[name]],
        surface={"kind": "brushed", "roughness": 0.34, "color": [0.6, 0.61, 0.62]},
        camera={
            "region_px": None, "sensor_px": [SIDE, SIDE], "image_px": [SIDE, SIDE],
            "focal_length_mm": 13.2 * 230 / WINDOW_MM[name],
        },
        views={"kind": "poses", "poses": [{"location_mm": eye, "target_mm": [0, 0, 1]}]},
        lights=LIGHTS,
        backdrop=None,
        seed=11,
        render={"samples": 40, "bounces": 2},
    )  # fmt: skip
    (frame,) = render(folder / name, sys.executable, what, [0], part=lambda _: PLATE)
    pixels = np.rint(encode(frame.light[..., :3], what.output) * 255).astype(np.uint8)
    return Image.fromarray(pixels), Image.fromarray((frame.masks.classes > 0).astype(np.uint8) * 255)


def main(target: str = "docs/images/impurities.png", *names: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = [picture(Path(folder), name) for name in names or ENTRIES]
    sheet = Image.new("RGB", (len(columns) * (SIDE + GAP) - GAP, 2 * (SIDE + GAP) - GAP), "white")
    for number, column in enumerate(columns):
        for row, image in enumerate(column):
            sheet.paste(image, (number * (SIDE + GAP), row * (SIDE + GAP)))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(160, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
