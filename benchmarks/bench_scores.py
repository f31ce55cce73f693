"""Scores of 50 maps of 512 x 512: the streaming histogram against anomalib's AUPRO, and memory over ever more images.

    python benchmarks/bench_scores.py                               ours alone
    PEER=python-with-anomalib python benchmarks/bench_scores.py     beside anomalib, on the same maps

anomalib runs in a Python of its own (pip install anomalib==2.7.0 torch==2.13.0). Times are processor time, one thread.
``ours_cpu_s`` is what AUPRO alone asks for: bins, regions, histograms, area; ``everything_cpu_s`` is the whole tally of
an evaluation, with every score of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IMAGES, SIDE_PX = 50, 512
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(peer(Path(sys.argv[1]))))
        return
    scores, classes = made()
    result = ours(scores, classes) | {"kb_more_for_90_images_more": memory(scores, classes)}
    if "PEER" in os.environ:
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "maps.npz"
            np.savez(file, scores=scores, classes=classes)
            command = [os.environ["PEER"], __file__, str(file)]
            environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        theirs = json.loads(done.stdout.splitlines()[-1])
        result |= theirs | {
            "peer_over_ours_cpu": round(theirs["peer_cpu_s"] / result["ours_cpu_s"], 1),
            "difference": abs(theirs["peer_aupro"] - result["aupro"]),
        }
    print(json.dumps(result, indent=1))


def made() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Maps, and masks of up to eight round defects each."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    classes = np.zeros((IMAGES, SIDE_PX, SIDE_PX), np.uint8)
    for mask in classes:
        for _ in range(rng.integers(0, 9)):
            cy, cx = rng.uniform(0, SIDE_PX, 2)
            mask[np.hypot(y - cy, x - cx) < rng.uniform(3, 25)] = 1
    scores = rng.gamma(2, 1, classes.shape) * (1 + 1.5 * classes)
    return scores.astype(np.float32), classes


def ours(scores: NDArray[np.float32], classes: NDArray[np.uint8]) -> dict[str, float | None]:
    """AUPRO and processor seconds."""
    from scipy import ndimage

    from sidecar.scores import bins, curves
    from sidecar.scores.tally import Tally

    start = time.process_time()
    overlap, negative, count = np.zeros(bins.COUNT), np.zeros(bins.COUNT, np.int64), 0
    for map_, mask in zip(scores, classes):
        at = bins.of(map_)
        regions, found = ndimage.label(mask, np.ones((3, 3)))
        inside = regions > 0
        share = 1.0 / np.bincount(regions[inside], minlength=found + 1)[regions[inside]]
        overlap += np.bincount(at[inside], share, minlength=bins.COUNT)
        negative += np.bincount(at[~inside], minlength=bins.COUNT)
        count += found
    value = curves.aupro(overlap, count, negative)
    alone = time.process_time() - start
    start = time.process_time()
    tally = Tally({"dent": 1})
    for map_, mask in zip(scores, classes):
        tally.add(map_, mask)
    assert curves.aupro(tally.overlap, tally.regions, tally.negative) == value
    whole = time.process_time() - start
    return {"aupro": value, "ours_cpu_s": round(alone, 3), "everything_cpu_s": round(whole, 3)}


def memory(scores: NDArray[np.float32], classes: NDArray[np.uint8]) -> int:
    """By how many KB the peak of a tally grows from 10 to 100 images."""
    from sidecar.scores.tally import Tally

    peaks = []
    for images in (10, 100):
        tracemalloc.start()
        tally = Tally({"dent": 1})
        for k in range(images):
            tally.add(scores[k % IMAGES], classes[k % IMAGES])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (peaks[1] - peaks[0]) // 1024


def peer(file: Path) -> dict[str, float]:
    """anomalib's AUPRO of the same maps."""
    import torch

    from benchmarks.bench_coreset import import_torchvision

    import_torchvision()
    from anomalib.metrics.aupro import _AUPRO

    saved = np.load(file)
    maps, masks = torch.from_numpy(saved["scores"]), torch.from_numpy(saved["classes"]).int()
    metric = _AUPRO()
    start = time.process_time()
    for map_, mask in zip(maps, masks):
        metric.update(map_[None], mask[None])
    value = float(metric.compute())
    return {"peer_aupro": value, "peer_cpu_s": round(time.process_time() - start, 3)}


if __name__ == "__main__":
    main()
