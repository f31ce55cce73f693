"""Progress of a training: a bar on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_LINE_SECONDS = 10.0


class Shown:
    """Shows steps done, the loss and the time left, on standard output.

    Args:
        total: steps in the end, where training does not stop early.
        start: steps that were done beforehand.
    """

    def __init__(self, total: int, start: int) -> None:
        self._total, self._start = total, start
        self._began = self._last = time.monotonic()
        self._bar: Progress | None = None
        if sys.stdout.isatty():
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console())
            self._task = self._bar.add_task("", total=total, completed=start)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, epoch: int, loss: float, validation: float | None) -> None:
        """Tell how many steps are done, in which epoch, and the losses; ``validation`` is the last one there was."""
        text = f"epoch {epoch}, loss {loss:.5g}" + ("" if validation is None else f", validation {validation:.5g}")
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=text)
            return
        now = time.monotonic()
        if now - self._last >= _LINE_SECONDS or done == self._total:
            self._last = now
            left = (now - self._began) / (done - self._start) * (self._total - done)
            print(f"{done} of {self._total} steps, {text}, {_duration(left)} left", flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
