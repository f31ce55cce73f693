"""Limits: how long a frame may take, learnt from the frames before, and how much memory Blender."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field

from manifests.errors import UserError

from ..processes import machine_memory_bytes

FRAME_SECONDS = "DEFECTORY_FRAME_SECONDS"
MEMORY_GB = "DEFECTORY_MEMORY_GB"

_FIRST_S = 1800.0
_FLOOR_S, _FLOOR_SHARE = 60.0, 1 / 6
_TIMES_SLOWEST = 10.0
_SHARE = 0.9

_GROWTH_FRAMES, _GROWTH_LAST = 16, 4
_GROWTH_BYTES = 256 * 2**20
_GROWTH = 1.25


@dataclass
class Pace:
    """How long a frame may take.

    Attributes:
        first_s: limit of Blender's start, and of a frame before which none was rendered.
        slowest_s: the slowest frame so far; 0: there was none.
    """

    first_s: float = _FIRST_S
    slowest_s: float = 0.0

    def learn(self, seconds: float) -> None:
        """Take note of a frame that was rendered."""
        self.slowest_s = max(self.slowest_s, seconds)

    @property
    def limit_s(self) -> float:
        """What the next frame may take: ten times the slowest so far, but no less than a minute.

        Where the first limit is short, the minute shrinks with it, to a sixth of it.
        """
        if not self.slowest_s:
            return self.first_s
        return max(min(_FLOOR_S, _FLOOR_SHARE * self.first_s), _TIMES_SLOWEST * self.slowest_s)

    def why(self) -> str:
        """Where the limit comes from."""
        return (
            f"the slowest before took {self.slowest_s:.1f} s" if self.slowest_s else f"set {FRAME_SECONDS} to give more"
        )


@dataclass
class Growth:
    """Whether a Blender takes more and more memory, so that another should take its place.

    What it takes for a moment, while it builds an instance, is no growth: the least of the last frames counts.
    """

    frames: int = 0
    first_bytes: int = 0
    last: deque[int] = field(default_factory=lambda: deque(maxlen=_GROWTH_LAST))

    def frame_done(self, memory: int) -> bool:
        """Take note of the memory after a frame; whether it has grown so much that a new start pays."""
        self.frames += 1
        self.last.append(memory)
        if self.frames <= 2:  # the second frame still fills caches
            self.first_bytes = memory
        grown = min(self.last) - self.first_bytes
        return self.frames >= _GROWTH_FRAMES and grown > max(_GROWTH_BYTES, (_GROWTH - 1) * self.first_bytes)


@dataclass
class Limits:
    """Limits of the Blenders of one shard.

    Attributes:
        pace: what they have in common.
        memory_bytes: resident memory that one of them may take.
    """

    pace: Pace = field(default_factory=Pace)
    memory_bytes: int = field(default_factory=lambda: int(_SHARE * machine_memory_bytes()))


def from_environment() -> Limits:
    """The limits of this machine: DEFECTORY_FRAME_SECONDS and DEFECTORY_MEMORY_GB, where they are set.

    Raises:
        UserError: one of them is no number above 0.
    """
    limits = Limits()
    if (seconds := _positive(FRAME_SECONDS)) is not None:
        limits.pace.first_s = seconds
    if (gigabytes := _positive(MEMORY_GB)) is not None:
        limits.memory_bytes = int(gigabytes * 1e9)
    return limits


def _positive(name: str) -> float | None:
    text = os.environ.get(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UserError(f"{name}={text}: must be a number above 0")
    return number
