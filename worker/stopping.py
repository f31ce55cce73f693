"""Stopping: how a worker asks its work-horse to end after the frame in flight."""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


class Stopping(Exception):
    """The work-horse was asked to stop; what remains goes back to the front of the queue, at no cost in tries."""


def listen() -> None:
    """Have SIGTERM ask this process to stop, where it would end it otherwise."""
    signal.signal(signal.SIGTERM, _ask)


def check() -> None:
    """To be called between frames.

    Raises:
        Stopping: this process has been asked to stop.
    """
    if _asked:
        raise Stopping("the worker was asked to stop")


def _ask(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
