"""Processes: who one is for certain, what memory and cores it takes, and its end."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_DEAD = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True)
class Identity:
    """A process that is never taken for another one that has its number later.

    Attributes:
        host: the boot and the process namespace in which the number holds.
        pid: its number.
        started: when it started, in whatever the system counts.
    """

    host: str
    pid: int
    started: str


def cores() -> list[int]:
    """Cores that this process may use, by number."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to(own: Collection[int]) -> None:
    """Have this process, and all that it starts from now on, use these cores alone, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, own)


@cache
def host() -> str:
    """This machine since it booted; inside a container, this container."""
    if not sys.platform.startswith("linux"):
        return platform.node()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {os.readlink('/proc/self/ns/pid')}"


def identify(pid: int) -> Identity | None:
    """Who a process of this host is; None where there is none."""
    try:
        if sys.platform.startswith("linux"):
            # In ticks since boot, which do not change with the clock; after the name, which may hold spaces.
            started = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
        else:
            started = repr(psutil.Process(pid).create_time())
    except (OSError, psutil.Error):
        return None
    return Identity(host(), pid, started)


def is_alive(process: Identity) -> bool:
    """Whether a process of this host runs; one that only waits to be reaped does not."""
    if identify(process.pid) != process:
        return False
    try:
        return psutil.Process(process.pid).status() not in _DEAD
    except psutil.Error:
        return False


def end(processes: list[Identity], seconds: float) -> bool:
    """Kill processes of this host and wait until they are gone.

    Returns:
        Whether they are.
    """
    give_up = time.monotonic() + seconds
    while living := [process for process in processes if is_alive(process)]:
        if time.monotonic() > give_up:
            return False
        for process in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.01)
    return True


def living_members(leader: int, of: Callable[[int], int]) -> list[int]:
    """Numbers of the processes of a group or a session that run; those that only wait to be reaped do not.

    Args:
        leader: number of the process that opened it.
        of: ``os.getpgid`` for a group, ``os.getsid`` for a session.
    """
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if of(pid) == leader and psutil.Process(pid).status() not in _DEAD:
                members.append(pid)
    return members


def memory_bytes(pid: int) -> int:
    """Resident memory of a process and of all that it started; 0 where it has gone."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
    return total


@cache
def machine_memory_bytes() -> int:
    """Memory that this machine has, or that its container may take."""
    total = int(psutil.virtual_memory().total)
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total
