"""The pictures of the page on results: a row a run, of image, reconstruction, residual map, mask and what was found.

python docs/results_picture.py docs/images/results/chess.png 0 runs/s3_table1/chess_{cae,vae,aae}

0: the first of the test images. The runs must have been evaluated, for the threshold is that of their evaluation.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sidecar.data.classes import classes_of
from sidecar.data.drawing import Pictures
from sidecar.data.splits import divide
from sidecar.devices import choose
from sidecar.evaluation.figures import ALARM, HIT, MISSED
from sidecar.prediction.predictor import Predictor
from sidecar.runs import Run

GAP, LEFT, TOP = 6, 56, 26
COLUMNS = ("image", "reconstruction", "squared residual", "mask", "found, missed, false alarm")


def panels(run: Run, number: int) -> list[np.ndarray]:
    """The five pictures of a run, (h, w, 3) uint8 each."""
    config = run.config()
    samples = divide(config.data.sources, config.seed).sides["test"]
    pictures = Pictures(config.data, classes_of(samples, "defects", ()))
    prepared = pictures.prepared(samples[number])
    seen = Predictor(config, run.network(choose("cpu")), choose("cpu")).inspect(pictures, prepared)
    assert seen.reconstruction is not None
    threshold = json.loads((run.folder / "evaluated" / "metrics.json").read_text())["thresholds"]["overall"]
    called, defective = seen.scores >= threshold, prepared.mask > 0
    found = np.full((*called.shape, 3), 24, np.uint8)
    for kind, color in ((called & defective, HIT), (~called & defective, MISSED), (called & ~defective, ALARM)):
        found[kind] = color
    residual = matplotlib.colormaps["inferno"](seen.scores.clip(0, 1))[..., :3]
    grey = [prepared.image[..., 0], 255 * seen.reconstruction[..., 0].clip(0, 1), 255.0 * defective]
    shown = [np.repeat(np.rint(one).astype(np.uint8)[..., None], 3, axis=2) for one in grey]
    return [shown[0], shown[1], np.rint(255 * residual).astype(np.uint8), shown[2], found]


def main(target: str, number: str, *folders: str) -> None:
    rows = [panels(Run(Path(folder)), int(number)) for folder in folders]
    height, width = rows[0][0].shape[:2]
    sheet = Image.new("RGB", (LEFT + 5 * (width + GAP) - GAP, TOP + len(rows) * (height + GAP) - GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for column, text in enumerate(COLUMNS):
        draw.text((LEFT + column * (width + GAP) + width / 2, TOP / 2), text, "black", font, anchor="mm")
    for row, (folder, pictures) in enumerate(zip(folders, rows)):
        top = TOP + row * (height + GAP)
        draw.text(
            (LEFT / 2, top + height / 2), Run(Path(folder)).config().model.KIND.upper(), "black", font, anchor="mm"
        )
        for column, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (LEFT + column * (width + GAP), top))
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
