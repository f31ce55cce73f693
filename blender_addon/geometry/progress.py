"""Progress of what takes seconds: a function that is told the share that is done, from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]


def unseen(share: float) -> None:
    """Progress at which nobody looks."""
