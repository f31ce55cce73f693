"""A contact sheet of a data set: frames above their class masks, as the pages on the examples show them.

python docs/contact_sheet.py out/clutch docs/images/examples/clutch.png 0 30 61 105
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from manifests.files import read_manifest
from manifests.layout import IMAGE, MASK, DataSet

WIDTH, GAP = 880, 4
COLOURS = np.array(
    [[0, 0, 0], [255, 176, 59], [86, 180, 233], [204, 121, 167], [0, 158, 115], [240, 228, 66], [213, 94, 0]],
    dtype=np.uint8,
)


def main(folder: str, target: str, *frames: str) -> None:
    data_set = DataSet(Path(folder))
    labels = read_manifest(data_set.manifest_file).labels
    width = WIDTH // max(len(frames), 3)
    columns = [_column(data_set.pair_folder(int(frame)), width) for frame in frames]
    tall = columns[0][0].height
    sheet = Image.new("RGB", (sum(c[0].width + GAP for c in columns) - GAP, 2 * tall + GAP), "white")
    left = 0
    for image, mask in columns:
        sheet.paste(image, (left, 0))
        sheet.paste(mask, (left, tall + GAP))
        left += image.width + GAP
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(160, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(target, optimize=True)
    print(target, {name: value for name, value in labels.items() if value})


def _column(pair: Path, width: int) -> tuple[Image.Image, Image.Image]:
    with Image.open(pair / IMAGE) as picture, Image.open(pair / MASK) as values:
        if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip to white
            picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
        rgba = picture.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "black"), rgba).convert("RGB")
        classes = np.asarray(values)
    small = image.resize((width, round(width * image.height / image.width)), Image.Resampling.BOX)
    colours = np.where((classes > 0)[..., None], COLOURS[classes % len(COLOURS)], np.asarray(image) // 5)
    return small, Image.fromarray(colours.astype(np.uint8)).resize(small.size, Image.Resampling.BOX)


if __name__ == "__main__":
    main(*sys.argv[1:])
