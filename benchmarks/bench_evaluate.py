"""Peak memory of the whole `evaluate` command, over ever more images.

    python benchmarks/bench_evaluate.py [--images 20] [--times 4]

A PatchCore with weights drawn at random is collected from two made pictures of 256 x 256; then a process of its own
evaluates it on --images pictures, half of them with a defect, and another on --times as many. The peak is what the
operating system counts of the process, all of it: interpreter, libraries, network, pictures kept for the report.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SIDE_PX = 256


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--times", type=int, default=4)
    asked = parser.parse_args()
    counts = (asked.images, asked.images * asked.times)
    with tempfile.TemporaryDirectory() as scratch:
        peaks = [peak_mb(Path(scratch) / str(count), count) for count in counts]
    grown = {"ratio": round(peaks[1] / peaks[0], 3), "mb_more": round(peaks[1] - peaks[0], 1)}
    print(json.dumps({"images": counts, "peak_mb": [round(peak, 1) for peak in peaks], **grown}, indent=1))


def peak_mb(folder: Path, count: int) -> float:
    """Peak resident memory of an evaluation on so many pictures."""
    from sidecar.config_files import read_config
    from sidecar.training.train import train

    rng = np.random.default_rng(0)
    for k in range(2):
        picture(folder / "set" / "train" / "good" / f"{k}.png", rng)
    for k in range(count):
        picture(folder / "set" / "test" / ("spot" if k % 2 else "good") / f"{k}.png", rng)
    config = folder / "config.json"
    weights(folder / "weights.pt")
    source = {"kind": "mvtec", "folder": str(folder / "set"), "split": "given", "val": 0}
    model = {"kind": "patchcore", "coreset": 64, "weights": str(folder / "weights.pt")}
    described = {"name": "memory", "data": {"sources": [source]}, "model": model, "prediction": {"threshold": 1.0}}
    config.write_text(json.dumps(described | {"training": {"epochs": 1, "device": "cpu"}}))
    train(read_config(config), folder / "run")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "sidecar.cli", "evaluate", str(folder / "run"), "--device", "cpu"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, status
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def picture(file: Path, rng: np.random.Generator) -> None:
    """A grey picture of noise; in the folder `spot` with a dark disc, and its mask where MVTec AD has it."""
    image, mask = rng.integers(100, 150, (SIDE_PX, SIDE_PX), np.uint8), np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    if file.parent.name == "spot":
        cv2.circle(mask, tuple(rng.integers(40, SIDE_PX - 40, 2).tolist()), 14, 255, -1)
        image[mask > 0] = 30
        save(file.parents[2] / "ground_truth" / "spot" / f"{file.stem}_mask.png", mask)
    save(file, image)


def save(file: Path, image: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), image)


def weights(file: Path) -> None:
    """Weights of the features, drawn at random: what memory is needed does not depend on them."""
    import torch

    from sidecar.patchcore.features import Extractor, state

    torch.manual_seed(0)
    torch.save(state(Extractor()), file)


if __name__ == "__main__":
    main()
