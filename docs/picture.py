"""The picture of the README: frames of a data set above their masks.

python docs/picture.py out/painted_block docs/images/painted_block.png 2 6 15 20
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from manifests.layout import IMAGE, INSTANCES, DataSet

SIDE, GAP = 300, 6
COLOURS = np.array([[0, 0, 0], [255, 176, 59], [86, 180, 233], [204, 121, 167], [0, 158, 115]], dtype=np.uint8)


def main(folder: str, target: str, *frames: str) -> None:
    data_set = DataSet(Path(folder))
    columns = []
    for frame in map(int, frames):
        pair = data_set.pair_folder(frame)
        with Image.open(pair / IMAGE) as picture, Image.open(pair / INSTANCES) as ids:
            image = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture).convert("RGB")
            mask = Image.fromarray(COLOURS[np.asarray(ids) % len(COLOURS)])
        part = image.getbbox() or (0, 0, *image.size)
        columns.append([half.crop(_square(part)).resize((SIDE, SIDE)) for half in (image, mask)])
    sheet = Image.new("RGB", (len(columns) * (SIDE + GAP) - GAP, 2 * SIDE + GAP), "white")
    for number, halves in enumerate(columns):
        for row, half in enumerate(halves):
            sheet.paste(half, (number * (SIDE + GAP), row * (SIDE + GAP)))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(200, dither=Image.Dither.NONE).save(target, optimize=True)


def _square(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    side = max(right - left, bottom - top) + 16
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    return x, y, x + side, y + side


if __name__ == "__main__":
    main(*sys.argv[1:])
