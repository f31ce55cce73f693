"""What a second core brings: pairs a second of two workers over one, each with a Blender of one thread.

    python benchmarks/bench_workers.py                    the painted block, 16 frames of 576 x 576 at 32 samples
    python benchmarks/bench_workers.py --frames 8 --rounds 3

One worker is held to the first core and two to the first two, so that a machine of more cores gives the same figure;
seconds are those of the shards, as the command reports them, from the first job to the last commit. Both alternate. Two
workers get four shards of whole instances, of two frames each: of a multiple of 8 frames both have as many.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import tempfile
from pathlib import Path

from bench_pair import EXAMPLE, ours, staged

from manifests.files import read_manifest


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=32)
    options.add_argument("--frames", type=int, default=16)
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("there is one core only: nothing to compare")
    manifest = read_manifest(EXAMPLE)
    manifest = dataclasses.replace(manifest, render=dataclasses.replace(manifest.render, samples=given.samples))
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = staged(manifest, EXAMPLE, folder)
        for number in range(given.rounds):
            for workers in (1, 2):
                os.sched_setaffinity(0, cores[:workers])
                out = folder / f"{number}.{workers}"
                seconds[workers].append(ours(file, out, given.frames, workers)[1])
    one, two = statistics.median(seconds[1]), statistics.median(seconds[2])
    print(json.dumps({"frames": given.frames, "one_s": one, "two_s": two, "two_over_one": round(one / two, 3)}))


if __name__ == "__main__":
    main()
