"""What a pair costs beyond path tracing: ``defectory render`` against bare renders of the same frames, in one run.

    python benchmarks/bench_pair.py                   the painted block: 24 frames of 576 x 576 at 32 samples
    python benchmarks/bench_pair.py --samples 1       where overhead shows most
    python benchmarks/bench_pair.py --frames 6 --rounds 1

Bare and ours alternate, because the machine's speed drifts. ``whole`` is the wall time of the command, start of
Blender, import of the part, index and report included; ``shard`` is that of the shards alone, from the first job to the
last commit. Both divided by the frames, over the median bare render. ``pair`` is the mean time from one commit to the
next, which leaves out the start, over the same. ``cpu`` is the processor time of all of it, over
that of a process that renders bare: it tells the same on a machine that others use too.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from manifests.files import read_manifest, write_yaml
from manifests.layout import RECORD
from manifests.schema import Manifest, to_dict

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "manifests" / "examples" / "painted_block.yaml"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=32)
    options.add_argument("--frames", type=int, default=24)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    manifest = read_manifest(EXAMPLE)
    render = dataclasses.replace(manifest.render, samples=given.samples)
    manifest = dataclasses.replace(manifest, render=render)
    bare: list[float] = []
    whole: list[float] = []
    shard: list[float] = []
    pair: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = staged(manifest, EXAMPLE, folder)
        for number in range(given.rounds):
            idle = cpu_seconds()
            seconds, reported = ours(file, folder / f"ours{number}", given.frames, given.workers)
            used = cpu_seconds() - idle
            whole.append(seconds / given.frames)
            shard.append(reported / given.frames)
            pair.append(between_commits(folder / f"ours{number}"))
            (prepared,) = (folder / f"ours{number}" / "part").glob("*.npz")
            idle = cpu_seconds()
            bare += bare_renders(manifest, prepared, folder, given.frames)
            cpu.append(used / (cpu_seconds() - idle))
    limit = statistics.median(bare)
    print(
        json.dumps(
            {
                "frames": given.frames,
                "samples": given.samples,
                "bare_s": round(limit, 3),
                "pair_s": round(statistics.median(pair), 3),
                "shard_s": round(statistics.median(shard), 3),
                "whole_s": round(statistics.median(whole), 3),
                "pair_over_bare": round(statistics.median(pair) / limit, 3),
                "shard_over_bare": round(statistics.median(shard) / limit, 3),
                "whole_over_bare": round(statistics.median(whole) / limit, 3),
                "cpu_over_bare": round(statistics.median(cpu), 3),
            }
        )
    )


def staged(manifest: Manifest, example: Path, folder: Path) -> Path:
    """A manifest made of an example, written into a folder with the example's CAD file below it."""
    if manifest.part is not None:
        copy = folder / manifest.part.file
        copy.parent.mkdir(parents=True)
        shutil.copy(example.parent / manifest.part.file, copy)
    file = folder / "manifest.yaml"
    file.write_text(write_yaml(manifest))
    return file


def cpu_seconds() -> float:
    """Processor time of all children so far, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(manifest: Path, out: Path, frames: int, workers: int) -> tuple[float, float]:
    """Wall seconds of the command, and of its shards as it reports them."""
    command = [sys.executable, "-m", "worker.cli", "render", str(manifest), "--out", str(out), "--device", "cpu"]
    start = time.perf_counter()
    options = ["--frames", f"0:{frames}", "--workers", str(workers)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True, cwd=ROOT)
    seconds = time.perf_counter() - start
    match = re.search(r"in ([\d.]+) s", done.stdout)
    assert match is not None, done.stdout
    return seconds, float(match.group(1))


def between_commits(out: Path) -> float:
    """Mean seconds from one commit of a data set to the next."""
    times = [file.stat().st_mtime for file in out.glob(f"pairs/*/*/{RECORD}")]
    return (max(times) - min(times)) / (len(times) - 1)


def bare_renders(manifest: Manifest, prepared: Path, folder: Path, frames: int) -> list[float]:
    """Seconds of each bare render."""
    shard = {"manifest": to_dict(manifest), "frames": list(range(frames)), "part": str(prepared), "device": "cpu"}
    file = folder / "bare.json"
    file.write_text(json.dumps(shard))
    script = ROOT / "benchmarks" / "bare_render.py"
    done = subprocess.run([sys.executable, str(script), str(file)], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("SECONDS "))
    return list(map(float, json.loads(line.removeprefix("SECONDS "))))


if __name__ == "__main__":
    main()
