"""What the queue costs a shard: real jobs through a real worker and its work-horses, which find every pair there.

    python benchmarks/bench_queue.py
    python benchmarks/bench_queue.py --shards 200

Told in processor time of the worker and all its work-horses, from taking a shard to having written down that it is
done, the fork and the look at the disk included; and in wall time, which on a busy machine says little.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.worker.made import made_data_set, made_manifest
from worker.farm import board, runs
from worker.farm.connections import connect
from worker.farm.embedded_redis import redis_program


def burst(url: str) -> tuple[float, float]:
    """Processor and wall seconds of a worker that ends when nothing is left."""
    words = [str(Path(sys.executable).parent / "rq"), "worker", "-b", "-q", "-w", "worker.farm.FarmWorker", "render"]
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    began, before = time.monotonic(), os.times()
    subprocess.run([*words, "--url", url], env=os.environ | {"PYTHONPATH": paths}, check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=200)
    arguments = parser.parse_args()
    few, many = 2, 2 + arguments.shards
    with tempfile.TemporaryDirectory(prefix="defectory-") as name:
        folder, socket = Path(name), Path(name) / "r.sock"
        words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", name]
        server = subprocess.Popen([redis_program(), *words], stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.05)
            connection = connect(f"unix://{socket}")
            made_data_set(folder / "set", made_manifest(instances=many), list(range(many)))
            run = runs.FarmRun(folder / "set", "bench")
            found = []
            # What starting and ending cost is in both, and falls out.
            for shards in (few, many):
                runs.submit(connection, run, ((frame,) for frame in range(shards)))
                found.append(burst(f"unix://{socket}"))
            done = board.look_at(connection, run).shards_done
        finally:
            server.kill()
            server.wait()
    assert done == few + many, f"{done} shards were done"
    cpu, wall = (1e3 * (found[1][i] - found[0][i]) / (many - few) for i in (0, 1))
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.M))
    print(f"{many - few} shards: {cpu:.1f} ms of the processor each, {wall:.1f} ms wall ({cores} cores)")


if __name__ == "__main__":
    main()
