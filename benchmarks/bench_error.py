"""Time to a fixed error: our settings against 50 samples with denoising and Blender's default bounces.

    python benchmarks/bench_error.py                      painted_block, clutch and plates, squares of 144 pixels
    python benchmarks/bench_error.py plates --side 192 --reference-samples 4096

The error is the relative mean squared error of the linear image, over the pixels of the part, against 4096 samples
with Blender's default bounces (12, at most 4 of them matte and 4 glossy) and other paths. What is rendered is a
square of the part at the example's full resolution: texture that shrinks with the image would be another. Ours are
the settings of the example's manifest, as they are and with each quality of the denoiser, each with as few samples as
give the error of the 50 denoised ones or less: these are found first, then errors and seconds are measured anew, by
turns. Seconds are those of the render alone, on all cores, the least of the rounds. ``plain`` is ours without
denoising, ``best`` the fastest of ours. References are kept in ~/.cache/defectory/benchmarks.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

from manifests.files import read_manifest
from manifests.layout import DataSet
from manifests.schema import Render
from worker import parts
from worker.tuning.measuring import Bench, Measured
from worker.tuning.search import Unreachable, fewest_samples

EXAMPLES = Path(__file__).resolve().parents[1] / "manifests" / "examples"
FRAMES = {"painted_block": 0, "clutch": 2122, "plates": 2881}
"""One frame of each, of an instance with defects."""
USUAL = Render(preset="blender", samples=50, denoise=True)
OURS: dict[str, dict[str, Any]] = {
    "plain": {"denoise": False},
    "high": {"denoise": True, "denoise_quality": "high"},
    "balanced": {"denoise": True, "denoise_quality": "balanced"},
    "fast": {"denoise": True, "denoise_quality": "fast"},
}
CACHE = Path.home() / ".cache" / "defectory" / "benchmarks"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", default=list(FRAMES))
    options.add_argument("--side", type=int, default=144)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--reference-samples", type=int, default=4096)
    given = options.parse_args()
    for name in given.names:
        with tempfile.TemporaryDirectory() as scratch:
            bench = bench_of(name, given.side, given.reference_samples, Path(scratch))
            print(json.dumps({"example": name} | race(bench, bench.manifest.render, given.rounds)), flush=True)


def bench_of(name: str, side_px: int, reference_samples: int, scratch: Path) -> Bench:
    """A square of an example, with the reference of former runs."""
    example = EXAMPLES / f"{name}.yaml"
    manifest = read_manifest(example)
    data_set = DataSet(scratch / "data")
    parts.prepare(manifest, example, data_set).save(data_set)
    return Bench(
        manifest,
        parts.prepared_file(data_set),
        EXAMPLES,
        CACHE,
        [FRAMES[name]],
        side_px,
        Render(preset="blender", samples=reference_samples),
    )


def race(bench: Bench, own: Render, rounds: int) -> dict[str, object]:
    """How much faster ours are than the usual, plain and at best, by wall and by processor time."""
    bench.forget()
    (usual,) = bench.measure([USUAL])
    ours: dict[str, Render] = {}
    for name, denoising in OURS.items():
        with contextlib.suppress(Unreachable):  # biased: no number of samples reaches it
            ours[name], _ = fewest_samples(bench, dataclasses.replace(own, **denoising), usual.error)
    runs: dict[str, list[Measured]] = {name: [] for name in ("usual", *ours)}
    for _ in range(rounds):
        bench.forget()
        for mine, one in zip(runs.values(), bench.measure([USUAL, *ours.values()])):
            mine.append(one)
    seconds = {name: min(run.seconds for run in mine) for name, mine in runs.items()}
    cpu = {name: min(run.cpu_seconds for run in mine) for name, mine in runs.items()}
    best = min(ours, key=lambda name: seconds[name])
    return {
        "usual": {"error": float(f"{usual.error:.3g}"), "seconds": round(seconds["usual"], 3)},
        **{
            title: {
                "settings": name,
                "samples": ours[name].samples,
                "error": float(f"{runs[name][0].error:.3g}"),
                "seconds": round(seconds[name], 3),
                "times_faster": round(seconds["usual"] / seconds[name], 2),
                "times_faster_cpu": round(cpu["usual"] / cpu[name], 2),
            }
            for title, name in (("plain", "plain"), ("best", best))
            if name in ours
        },
    }


if __name__ == "__main__":
    main()
