"""What one Redis bears: a thousand simulated workers and a hundred thousand shards, with sleep in place of rendering.

    python benchmarks/bench_farm.py
    python benchmarks/bench_farm.py --workers 1000 --shards 100000 --take 10000

The Redis is real, and so are the records, the queue and the worker class with all that it says to Redis; only the fork
of a work-horse and the rendering are left out. A machine with few cores cannot keep a thousand Python workers
busy, so throughput is told twice: as it was, which the workers' own processor time bounds, and as Redis' processor time
per shard, which bounds a farm whose workers sit on machines of their own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from redis import Redis
from rq.worker import WorkerStatus

from manifests.layout import write_atomic
from worker.commands.farm_standing import FarmStanding, RunStanding, plain
from worker.farm import FarmWorker, board, runs
from worker.farm.connections import connect
from worker.farm.embedded_redis import redis_program
from worker.farm.shard_jobs import QUEUE
from worker.farm.workers import InHand

_PROCESSES = 4
_PAIR_SECONDS = 0.2
_SETTLE_SECONDS = 5.0


class SleepingWorker(FarmWorker):
    """A worker that sleeps instead of rendering, in a thread of its own."""

    seconds = 0.0

    def execute_job(self, job: Any, queue: Any) -> None:
        execution = self.prepare_execution(job)
        self._in_hand = InHand(job, queue, self._serves, frozenset(), frozenset())
        self.prepare_job_execution(job, remove_from_intermediate_queue=True)
        time.sleep(self.seconds)
        self._finalize_success(job, queue, execution, 0)
        self._count()
        self._in_hand = None
        self.set_state(WorkerStatus.IDLE)

    def serve(self, stop: threading.Event) -> None:
        self.register_birth()
        self.last_cleaned_at = None
        self.maintenance_interval = 10**6
        while not stop.is_set():
            found = self.dequeue_job_and_maintain_ttl(10, max_idle_time=1)
            if found is not None and not stop.is_set():
                self.execute_job(*found)

    should_run_maintenance_tasks = False  # type: ignore[assignment]


def some_workers(url: str, name: str, count: int, seconds: float, stop: Any) -> None:
    """Many workers in one process, each with a connection of its own."""
    import logging

    logging.disable(logging.CRITICAL)
    SleepingWorker.seconds = seconds
    ended = threading.Event()

    def one(number: int) -> None:
        with closing(Redis.from_url(url)) as connection:
            SleepingWorker([QUEUE], f"{name}-{number}", connection=connection).serve(ended)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    stop.wait()
    ended.set()


def spent(connection: Redis) -> float:
    """Processor seconds that Redis has taken."""
    found: Any = connection.info("cpu")
    return float(found["used_cpu_user"] + found["used_cpu_sys"])


def memory_mb(connection: Redis) -> float:
    found: Any = connection.info("memory")
    return float(found["used_memory"]) / 1e6


def measure(
    url: str, folder: Path, workers: int, shards: int, take: int, frames: int, seconds: float
) -> dict[str, Any]:
    connection = connect(url)
    run = runs.FarmRun(folder, "bench", total=shards * frames)
    empty_mb, cpu, clock = memory_mb(connection), spent(connection), time.process_time()
    sent = runs.submit(connection, run, (tuple(range(i * frames, (i + 1) * frames)) for i in range(shards)))
    found: dict[str, Any] = {
        "shards": sent,
        "submit, ms of the command a shard": 1e3 * (time.process_time() - clock) / sent,
        "submit, ms of Redis a shard": 1e3 * (spent(connection) - cpu) / sent,
        "memory, MB in all": memory_mb(connection) - empty_mb,
        "memory, bytes a shard": 1e6 * (memory_mb(connection) - empty_mb) / sent,
    }
    cpu, clock, wall = spent(connection), time.process_time(), time.monotonic()
    with runs.submitting(connection, run) as covered:
        assert len(covered) == shards * frames
    found["submit again, s of the command"] = time.process_time() - clock

    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    each = workers // _PROCESSES
    before_mb = memory_mb(connection)
    processes = [
        context.Process(target=some_workers, args=(url, f"w{number}", each, seconds, stop), daemon=True)
        for number in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    done = lambda: board.look_at(connection, run).shards_done  # noqa: E731
    while len(board.workers(connection)) < each * _PROCESSES or not done():
        time.sleep(0.2)
    first, cpu, wall = done(), spent(connection), time.monotonic()
    while done() < min(first + take, shards):
        time.sleep(0.2)
    finished, took, redis = done() - first, time.monotonic() - wall, spent(connection) - cpu
    found |= {
        "workers": each * _PROCESSES,
        "memory, kB a worker": 1e3 * (memory_mb(connection) - before_mb) / (each * _PROCESSES),
        "shards/s here, workers bound": finished / took,
        "shard, ms of Redis": 1e3 * redis / finished,
    }
    cpu, clock, looks = spent(connection), time.process_time(), 20
    for _ in range(looks):
        seen = board.look(connection)
        plain(FarmStanding([RunStanding(state, None) for state in seen.runs], seen.workers).renderable())
    found["status, ms of the command"] = 1e3 * (time.process_time() - clock) / looks

    # Paused, all workers are idle and only ask.
    runs.pause(connection, run)
    time.sleep(_SETTLE_SECONDS)
    cpu, wall = spent(connection), time.monotonic()
    for _ in range(looks):
        seen = board.look(connection)
    found["status, ms of Redis"] = max(0.0, 1e3 * (spent(connection) - cpu) / looks)
    cpu, wall = spent(connection), time.monotonic()
    time.sleep(_SETTLE_SECONDS)
    idle = (spent(connection) - cpu) / (time.monotonic() - wall)
    found["idle workers, share of Redis"] = idle
    stop.set()
    for process in processes:
        process.join(timeout=10)
        process.kill()
    per_shard = found["shard, ms of Redis"] / 1e3
    found["shards/s that Redis bears"] = 1 / per_shard
    for shard_frames in (1, 16, 64):
        found[f"GPUs at {_PAIR_SECONDS} s a pair, {shard_frames} frames a shard"] = int(
            shard_frames * _PAIR_SECONDS / per_shard
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=100_000)
    parser.add_argument("--take", type=int, default=10_000, help="shards to be taken while the clock runs")
    parser.add_argument("--frames", type=int, default=16, help="frames of a shard")
    parser.add_argument("--seconds", type=float, default=0.0, help="that a worker sleeps over a shard")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="defectory-") as name:
        folder, socket = Path(name), Path(name) / "r.sock"
        write_atomic(folder / "set" / "manifest.yaml", b"name: bench\n")
        words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", name]
        server = subprocess.Popen([redis_program(), *words], stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.05)
            a = arguments
            found = measure(f"unix://{socket}", folder / "set", a.workers, a.shards, a.take, a.frames, a.seconds)
        finally:
            server.kill()
            server.wait()
    for what, value in found.items():
        print(f"{what:45} {value:12,.3f}" if isinstance(value, float) else f"{what:45} {value:12,}", flush=True)
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
