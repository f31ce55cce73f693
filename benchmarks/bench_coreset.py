"""A coreset of 2048 from 204,800 patches: the sequential stream against anomalib's PatchCore, in one run.

    python benchmarks/bench_coreset.py                       without the peer: time, covering radius, memory
    PEER=python-with-anomalib python benchmarks/bench_coreset.py --peer       about a quarter of an hour more

The peer runs in a Python of its own, which the variable ``PEER`` names (pip install anomalib==2.7.0 torch==2.13.0),
because its dependencies are not ours. Times are processor time. The features are those of MobileNetV3 large with random
weights on 50 pictures of brushed metal, 512 x 512: 64 x 64 patches of 152 each. Memory is the growth of the peak over
what the process held before the first patch; twice as many images show that it does not depend on their number.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

IMAGES, SIDE_PX, MEMBERS, EPOCHS = 50, 512, 2048, 5
PATCHES_PER_IMAGE = (SIDE_PX // 8) ** 2
KEPT: list[object] = []


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peer", action="store_true", help="run anomalib, too")
    options.add_argument("--members", type=int, default=MEMBERS)
    options.add_argument("--epochs", type=int, default=EPOCHS)
    options.add_argument("--child", help=argparse.SUPPRESS)
    options.add_argument("--features", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child == "ours":
        print(json.dumps(ours(given.features, given.members, given.epochs)))
    elif given.child == "peer":
        print(json.dumps(peer(given.features, given.members)))
    else:
        compare(given.members, given.epochs, given.peer)


def compare(members: int, epochs: int, with_peer: bool) -> None:
    """Make the features, run each in a process of its own, print what came of it."""
    with tempfile.TemporaryDirectory() as scratch:
        file, twice = Path(scratch) / "features.npy", Path(scratch) / "twice.npy"
        patches = features()
        np.save(file, patches)
        np.save(twice, np.concatenate([patches, patches[::-1] * np.float32(1.01)]))
        result = {"patches": list(patches.shape), "members": members, "epochs": epochs}
        mine = child(sys.executable, "ours", file, members, epochs)
        double = child(sys.executable, "ours", twice, members, 1)
        chosen = np.array(mine.pop("coreset"), np.float32)
        result |= {f"ours_{key}": value for key, value in mine.items()}
        result |= {"ours_mb_for_twice_the_images": double["mb"], "ours_radius": radius(patches, chosen)}
        start = time.process_time()
        best = patches[greedy_indices(patches, members)]
        result |= {"greedy_cpu_s": round(time.process_time() - start, 1), "greedy_radius": radius(patches, best)}
        result["radius_over_greedy"] = round(result["ours_radius"] / result["greedy_radius"], 3)
        if with_peer:
            theirs = child(os.environ["PEER"], "peer", file, members, epochs)
            result["peer_radius"] = radius(patches, patches[theirs.pop("chosen")])
            result |= {f"peer_{key}": value for key, value in theirs.items()}
            result["peer_over_ours_cpu"] = round(theirs["cpu_s"] / mine["cpu_s"], 1)
        print(json.dumps(result, indent=1))


def child(python: str, which: str, file: Path, members: int, epochs: int) -> dict[str, object]:
    """Run this file in another process, one thread of BLAS, and read the line of JSON that it prints."""
    settings = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    settings["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    command = [python, __file__, "--child", which, "--features", str(file)]
    sizes = ["--members", str(members), "--epochs", str(epochs)]
    done = subprocess.run([*command, *sizes], check=True, capture_output=True, text=True, env=settings)
    return json.loads(done.stdout.splitlines()[-1])


def images_of(file: Path) -> Iterator[NDArray[np.float32]]:
    """The patches of one image after the other, read from disk."""
    mapped = np.load(file, mmap_mode="r")
    for k in np.random.default_rng(0).permutation(len(mapped) // PATCHES_PER_IMAGE):
        yield np.array(mapped[k * PATCHES_PER_IMAGE : (k + 1) * PATCHES_PER_IMAGE])


def ours(file: Path, members: int, epochs: int) -> dict[str, object]:
    """Processor seconds, megabytes and what came out of the sequential stream."""
    from sidecar.patchcore.coreset import SequentialCoreset

    warm = next(images_of(file))
    warm[:512] @ warm.T  # the buffers of BLAS are no one's memory
    before, start = anonymous_mb(), time.process_time()
    coreset = SequentialCoreset(members, warm.shape[1])
    replaced, peak = [], before
    for _ in range(epochs):
        new = 0
        for patches in images_of(file):
            new += coreset.add(patches)
            peak = max(peak, anonymous_mb())
        replaced.append(new)
        if not new:
            break
    used = time.process_time() - start
    peak = max(peak, anonymous_mb())
    return {
        "cpu_s": round(used, 1),
        "mb": round(peak - before),
        "replaced": replaced,
        "coreset": coreset.members.tolist() if len(replaced) > 1 or epochs == 1 else [],
    }


def peer(file: Path, members: int) -> dict[str, object]:
    """The same of anomalib's coreset."""
    import torch

    import_torchvision()
    from anomalib.models.components.sampling import KCenterGreedy

    torch.manual_seed(0)
    before = peak_mb()
    patches = torch.from_numpy(np.load(file))
    start = time.process_time()
    sampler = KCenterGreedy(patches, sampling_ratio=(members + 0.5) / len(patches))
    chosen = sampler.select_coreset_idxs()
    return {"cpu_s": round(time.process_time() - start, 1), "mb": round(peak_mb() - before), "chosen": chosen}


def features() -> NDArray[np.float32]:
    """(204800, 152) features of made pictures of brushed metal."""
    import torch

    import_torchvision()
    from sidecar.patchcore.features import FEATURES, Extractor

    torch.manual_seed(0)
    extractor = Extractor().eval()
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    made = []
    for _ in range(IMAGES):
        brushed = ndimage.gaussian_filter(rng.normal(size=(SIDE_PX, SIDE_PX)), rng.uniform((0.4, 2), (1.5, 12)))
        light = np.exp(-(((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2) / rng.uniform(0.05, 1)))
        image = np.clip(0.2 + 0.6 * light + rng.uniform(0.05, 0.3) * brushed / brushed.std(), 0, 1)
        rgb = torch.from_numpy(np.repeat(image[None, None], 3, axis=1).astype(np.float32))
        with torch.no_grad():
            cells = extractor(rgb)[0, :, 1:, 1:]
        made.append(cells.permute(1, 2, 0).reshape(-1, FEATURES).numpy())
    return np.concatenate(made)


def import_torchvision() -> None:
    """The torchvision of the package index is built for CUDA: beside a torch for CPUs its operators do not load."""
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(library)
        importlib.import_module("torchvision")


def greedy_indices(patches: NDArray[np.float32], members: int) -> NDArray[np.intp]:
    from sidecar.patchcore.coreset import greedy

    return greedy(patches, members)


def radius(patches: NDArray[np.float32], members: NDArray[np.float32]) -> float:
    """Distance from the coreset of the patch that lies farthest from it."""
    import torch

    from sidecar.patchcore.nearest import distances

    return round(float(distances(torch.from_numpy(patches), torch.from_numpy(members)).max()), 4)


def anonymous_mb() -> float:
    """What the process holds of its own, without files that are mapped."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
