"""A farm for tests: a Redis of its own that can be killed and come back, and workers on "machines" that differ."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from rq.executions import WORKER_EXECUTIONS_KEY_TEMPLATE
from rq.registry import StartedJobRegistry

from worker.farm import board
from worker.farm.embedded_redis import redis_program
from worker.farm.runs import all_runs

from .conftest import Command, marked, wait_until


@dataclass
class Node:
    """A worker as a person starts it, in a folder of its own."""

    process: subprocess.Popen[bytes]
    mark: str
    log: Path

    def children(self) -> list[int]:
        return [pid for pid in marked(self.mark) if pid != self.process.pid]


@dataclass
class Farm:
    """A Redis and workers.

    Attributes:
        folder: for all of it.
        appending: whether Redis keeps an append-only file.
    """

    folder: Path
    appending: bool = False
    nodes: list[Node] = field(default_factory=list)
    server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/r.sock"

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.url)

    def start_redis(self, *settings: str) -> None:
        socket = self.folder / "r.sock"
        socket.unlink(missing_ok=True)
        words = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(self.folder)]
        words += ["--appendonly", "yes" if self.appending else "no", *settings]
        self.server = subprocess.Popen([redis_program(), *words], stdout=subprocess.DEVNULL)
        wait_until(socket.exists)

    def kill_redis(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def forget(self) -> None:
        """Drop what a Redis that was killed has kept."""
        for path in self.folder.glob("appendonly*"):
            path.unlink()

    def start_worker(self, *options: str, **changes: str) -> Node:
        """``rq worker render`` with options, and with changes to its environment."""
        command = Command(changes={"RQ_REDIS_URL": self.url, "RQ_WORKER_CLASS": "worker.farm.FarmWorker", **changes})
        log = self.folder / f"worker-{command.mark}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [str(Path(sys.executable).parent / "rq"), "worker", *options, "render"],
                cwd=self.folder,
                env=command.environment(),
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self.nodes.append(Node(process, command.mark, log))
        return self.nodes[-1]

    def expire(self, node: Node) -> None:
        """What a dead worker was at is due to be taken over, which RQ finds a minute or two after it died."""
        for worker in board.workers(self.redis):
            if worker.pid == node.process.pid:
                for each in self.redis.smembers(WORKER_EXECUTIONS_KEY_TEMPLATE.format(worker.name)):
                    for run in all_runs(self.redis):
                        registry = StartedJobRegistry(queue=run.queue(self.redis))
                        self.redis.zadd(registry.key, {each: 1}, xx=True)

    def command(self, *words: object) -> str:
        """What ``defectory`` says; it must succeed."""
        done = Command(changes={"DEFECTORY_REDIS_URL": self.url})(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shards(self, folder: Path) -> dict[str, int]:
        """Shards of a data set by state."""
        state = next(state for state in board.look(self.redis).runs if state.run.folder == folder)
        return {
            "waiting": state.queued,
            "running": state.running,
            "done": state.shards_done,
            "given up": state.given_up,
        }

    def states(self) -> dict[int, tuple[str, str]]:
        """State of each worker, and why it takes no shards, by process id."""
        return {worker.pid: (worker.state, worker.reason) for worker in board.workers(self.redis)}

    def end(self) -> None:
        for node in self.nodes:
            for pid in [node.process.pid, *node.children()]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            node.process.wait()
        if self.server is not None:
            self.kill_redis()


def pairs(folder: Path) -> int:
    return len(list(folder.glob("pairs/*/*")))
