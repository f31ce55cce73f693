"""The picture of the page on twins: a row a frame, of image, twin, class mask and what of it can be seen.

python docs/twin_picture.py out/twins docs/images/twins.png 0 1
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from manifests.layout import IMAGE, MASK, TWIN, VISIBLE, DataSet

GAP = 6
COLOURS = np.array([[0, 0, 0], [255, 79, 61], [53, 182, 255], [255, 201, 31]], dtype=np.uint8)


def main(folder: str, target: str, *frames: str) -> None:
    rows = []
    for frame in map(int, frames):
        pair = DataSet(Path(folder)).pair_folder(frame)
        pictures = [np.asarray(Image.open(pair / name).convert("RGB")) for name in (IMAGE, TWIN)]
        pictures += [COLOURS[np.asarray(Image.open(pair / name)) % len(COLOURS)] for name in (MASK, VISIBLE)]
        gap = np.full((pictures[0].shape[0], GAP, 3), 255, dtype=np.uint8)
        rows.append(np.hstack([piece for picture in pictures for piece in (picture, gap)][:-1]))
    between = np.full((GAP, rows[0].shape[1], 3), 255, dtype=np.uint8)
    sheet = Image.fromarray(np.vstack([piece for row in rows for piece in (row, between)][:-1]))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
