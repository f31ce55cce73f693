"""How long 'resume' takes to find what is missing and 'verify --quick' to look at all records, of 100,000 pairs.

    python benchmarks/bench_scan.py
    python benchmarks/bench_scan.py --pairs 10000

The pairs are folders as they are committed: three pictures, hard links to those of one pair in each 10,000 (a file may
have 65,000 names), and a record of its own.
Both are told in processor seconds too, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from manifests.files import read_manifest
from manifests.layout import RECORD, DataSet
from manifests.schema import Manifest
from tests.worker.made import fill, made_data_set, made_manifest
from worker.pairs.scan import scan


def make(root: Path, pairs: int) -> tuple[DataSet, Manifest]:
    """A data set of made pairs, every hundredth missing."""
    manifest = made_manifest(instances=pairs // 2)
    data_set = made_data_set(root, manifest, [])
    sample = root / "sample"
    sample.mkdir()
    fill(sample, manifest, 0)
    pictures = [path.name for path in sample.iterdir() if path.name != RECORD]
    record = json.loads((sample / RECORD).read_text())
    # As large as the record of a rendered pair with twenty defects.
    record["defects"] = [{"id": i, "kind": "dent", "diameter_mm": 1.5, "bbox": [1, 2, 3, 4]} for i in range(20)]
    record["parameters"] = {f"parameter_{i}": i / 7 for i in range(20)}
    for frame in range(pairs):
        if frame % 100 == 99:
            continue
        folder = data_set.pair_folder(frame)
        folder.mkdir(parents=True)
        if frame % 10_000 == 0:
            shutil.copytree(sample, folder, dirs_exist_ok=True)
            linked = folder
        else:
            for name in pictures:
                os.link(linked / name, folder / name)
        (folder / RECORD).write_text(json.dumps(record | {"frame": frame}))
    return data_set, read_manifest(data_set.manifest_file)


def timed(what: str, work: Callable[[], int]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:40} {count:9,} {wall:8.2f} s {cpu:8.2f} s of the processor", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="defectory-bench-") as name:
        data_set, manifest = make(Path(name) / "set", arguments.pairs)
        timed("resume: frames that are missing", lambda: len(data_set.lacking(range(arguments.pairs))))
        frames = data_set.complete_frames()
        timed("verify --quick: damaged pairs", lambda: sum(bool(p) for _, p in scan(data_set, manifest, frames)))


if __name__ == "__main__":
    main()
