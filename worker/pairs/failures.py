"""Failures: what went wrong with frames that have no pair yet, try by try, and which of them are quarantined.

One file a frame, ``DIR/failures/0000123.json``; it goes when the pair is committed. A quarantined frame has used up its
tries: no job renders it before somebody asks for it anew (:func:`forget`).
"""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from manifests.layout import DataSet

Kind = Literal["timeout", "memory", "crash", "output"]
"""Over the time limit; over the memory limit; Blender died; what Blender left did not pass its verification."""


@dataclass(frozen=True)
class Try:
    """One try at a frame that failed.

    Attributes:
        kind: of the failure.
        reason: one line for a person.
        attempt: token of the attempt.
        log: last lines that Blender printed.
        host: machine on which it happened.
        at: when, ISO 8601 in UTC.
    """

    kind: Kind
    reason: str
    attempt: str
    log: tuple[str, ...] = ()
    host: str = ""
    at: str = ""


@dataclass(frozen=True)
class FrameFailure:
    """What is known of a frame that failed.

    Attributes:
        frame: its number.
        tries: oldest first; at least one.
        quarantined: whether it has used up its tries.
    """

    frame: int
    tries: tuple[Try, ...]
    quarantined: bool

    @property
    def reason(self) -> str:
        return self.tries[-1].reason

    @property
    def kind(self) -> Kind:
        return self.tries[-1].kind


def add(data_set: DataSet, frame: int, failed: Try, most_tries: int) -> FrameFailure:
    """Write down that a try at a frame failed; quarantine the frame where it was the last that it had.

    Raises:
        FolderRefused: the disk is full or refuses.
    """
    before = _parse(data_set.failure_note(frame) or b"")
    stamped = Try(
        **{**asdict(failed), "host": socket.gethostname(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    )
    tries = (*(before.tries if before else ()), stamped)
    failure = FrameFailure(frame, tries, quarantined=len(tries) >= most_tries)
    data_set.note_failure(frame, json.dumps(asdict(failure), indent=1, ensure_ascii=False).encode())
    return failure


def forget(data_set: DataSet, frames: Iterable[int] | None = None) -> list[int]:
    """Give frames all their tries again; None: every frame that failed.

    Returns:
        Those that were quarantined, ascending.
    """
    wanted = None if frames is None else set(frames)
    freed = []
    for failure in failures(data_set):
        if wanted is None or failure.frame in wanted:
            data_set.drop_failure(failure.frame)
            if failure.quarantined:
                freed.append(failure.frame)
    return freed


def failures(data_set: DataSet) -> list[FrameFailure]:
    """Frames that failed and have no pair yet, ascending; quarantined and those that will be tried again."""
    found = {failure.frame: failure for failure in map(_parse, data_set.failure_notes()) if failure is not None}
    return [found[frame] for frame in data_set.lacking(sorted(found))]


def quarantined(data_set: DataSet) -> dict[int, FrameFailure]:
    """Quarantined frames and what is known of them."""
    return {failure.frame: failure for failure in failures(data_set) if failure.quarantined}


def count_by_kind(found: Iterable[FrameFailure]) -> dict[Kind, int]:
    """How many frames failed in which way, the most frequent first."""
    return dict(Counter(failure.kind for failure in found).most_common())


def _parse(note: bytes) -> FrameFailure | None:
    try:
        plain = json.loads(note)
        tries = tuple(Try(**{**each, "log": tuple(each["log"])}) for each in plain["tries"])
        return FrameFailure(int(plain["frame"]), tries, bool(plain["quarantined"]))
    except (ValueError, KeyError, TypeError):
        # Damaged by somebody: the frame has its tries again.
        return None
