"""Nothing outlives its parent: processes that die with the one that started them, and sessions that end as a whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

from .processes import living_members

_PR_SET_PDEATHSIG = 1
# Loaded beforehand: between fork and exec only calls that take no lock are safe.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when the thread that started it ends; Linux only, elsewhere does nothing.

    Args:
        parent: process id of the parent; where it is known and has died already, this process ends here and now.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died between the fork and the call above, of which the kernel then tells nobody.
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def end_session(leader: int, seconds: float = 3.0) -> bool:
    """Kill every process of a session and wait until none is left.

    Args:
        leader: id of the session, the process id of the one that opened it (``start_new_session``).
        seconds: how long to try.

    Returns:
        Whether none is left.
    """
    give_up = time.monotonic() + seconds
    while members := living_members(leader, os.getsid):
        if time.monotonic() > give_up:
            return False
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(leader, os.WNOHANG)
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into KeyboardInterrupt and ignore what comes after it.

    So whatever is stopped in answer to the first is stopped in peace.
    """
    # What is ignored beforehand stays so: nohup, or a shell that runs us in the background, asks for it.
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
