"""Progress of a run: a bar on a terminal, plain lines now and then everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

_LINE_SECONDS = 10.0


class Reporter(Protocol):
    """What a run tells of itself while it goes on."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, done: int, failed: int, note: str = "") -> None:
        """Tell how many pairs are done and how many frames failed, of those to be rendered; and what holds it up."""


def reporter(total: int, start: int) -> Reporter:
    """The reporter that fits stdout.

    Args:
        total: pairs that the run is to have in the end.
        start: pairs that were there beforehand.
    """
    return Bar(total, start) if sys.stdout.isatty() else Lines(total, start)


class Clock:
    """Pairs a second since the first moment, and the time that the rest will take at that pace.

    Args:
        total: pairs in the end.
        start: pairs that were there beforehand, and cost this run nothing.
    """

    def __init__(self, total: int, start: int) -> None:
        self.total, self.start = total, start
        self._began = time.monotonic()

    def pace(self, done: int) -> float:
        """Pairs per second; 0 before the first."""
        return (done - self.start) / max(1e-9, time.monotonic() - self._began)

    def text(self, done: int, failed: int) -> str:
        """``0.42 pairs/s, 1:05 left, 2 failed``, as far as it is known."""
        pace = self.pace(done)
        parts = [f"{pace:.2f} pairs/s", f"{duration((self.total - done - failed) / pace)} left"] if pace > 0 else []
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)


class Lines:
    """Plain lines: every ten seconds while pairs come, and when a frame fails or something else changes."""

    def __init__(self, total: int, start: int) -> None:
        self._clock = Clock(total, start)
        self._said_done, self._said_failed, self._said_note = start, 0, ""
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def update(self, done: int, failed: int, note: str = "") -> None:
        waited = time.monotonic() - self._said_at >= _LINE_SECONDS
        due = done > self._said_done and (waited or done + failed >= self._clock.total)
        if not (due or failed > self._said_failed or note != self._said_note):
            return
        pieces = [f"{done}/{self._clock.total} pairs", self._clock.text(done, failed), note]
        print(", ".join(filter(None, pieces)), flush=True)
        self._said_done, self._said_failed, self._said_note = done, failed, note
        self._said_at = time.monotonic()


class _PaceColumn(ProgressColumn):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def render(self, task: Task) -> Text:
        return Text(self._clock.text(int(task.completed), int(task.fields["failed"])))


class Bar:
    """A progress bar."""

    def __init__(self, total: int, start: int) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pairs"),
            _PaceColumn(Clock(total, start)),
            TextColumn("[yellow]{task.fields[note]}"),
            console=Console(),
            refresh_per_second=4,
        )
        self._task = self._progress.add_task("rendering", total=total, completed=start, failed=0, note="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, done: int, failed: int, note: str = "") -> None:
        self._progress.update(self._task, completed=done, failed=failed, note=note)


@contextmanager
def counted(what: str) -> Iterator[Callable[[], None]]:
    """Count something whose end is not known, with the time it has taken; what is given counts one more.

    Nothing is shown where the output is no terminal.
    """
    columns = (SpinnerColumn(), TextColumn("{task.completed} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda: progress.advance(task)


def duration(seconds: float) -> str:
    """``0:07``, ``12:40`` or ``3:05:00``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
