"""What a pair costs a worker in an object store, beside the same in a folder.

    python benchmarks/bench_store.py
    python benchmarks/bench_store.py --pairs 1000

A pair of 700 kB, as one of 576 x 576 pixels. The store is the tests' S3 server on this machine: what passes is mostly
its own time, and would be the latency of a real one. Processor time is that of this process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fsspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from manifests.files import write_yaml
from manifests.layout import IMAGE, DataSet, write_atomic
from tests.worker.made import fill, made_manifest
from worker.pairs.attempts import attempt
from worker.storage.stored_sets import StoredSet
from worker.storage.urls import StoreUrl

_URL = StoreUrl("s3://benchmark/set")
_IMAGE_BYTES = 700_000
_ROOT = Path(__file__).resolve().parents[1]


def timed(what: str, pairs: int, work: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:30} {1000 * wall / pairs:8.2f} ms a pair, {1000 * cpu / pairs:6.2f} ms of the processor", flush=True)


def commit(data_set: DataSet, pairs: int) -> None:
    with attempt(data_set, "shard") as held:
        for frame in range(pairs):
            folder = held.folder / f"{frame:07d}"
            folder.mkdir()
            fill(folder, made_manifest(), frame)
            (folder / IMAGE).write_bytes(os.urandom(_IMAGE_BYTES))
        place = "store" if isinstance(data_set, StoredSet) else "folder"

        def commit_all() -> None:
            for frame in range(pairs):
                data_set.commit(held.folder / f"{frame:07d}", frame)

        timed(f"commit to a {place}", pairs, commit_all)


def read(data_set: DataSet, frame: int) -> None:
    with data_set.opened(frame):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    pairs = parser.parse_args().pairs
    words = [sys.executable, "-m", "tests.storage.s3_server"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    server = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=nothing, cwd=_ROOT)
    assert server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="defectory-bench-") as name:
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        os.environ |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        os.environ["DEFECTORY_CACHE"] = name
        fsspec.filesystem("s3").mkdir("benchmark")
        fresh = StoredSet(_URL)
        write_atomic(fresh.manifest_file, write_yaml(made_manifest()).encode())
        stored = fresh.publish()
        try:
            commit(DataSet(Path(name) / "folder"), pairs)
            commit(stored, pairs)
            timed("list what a store lacks", pairs, lambda: stored.lacking(range(pairs)))
            timed("read back, unpacked", pairs, lambda: [read(stored, frame) for frame in range(pairs)])
        finally:
            server.kill()


if __name__ == "__main__":
    main()
