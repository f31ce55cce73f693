"""How far the data sets of a farm are and what its workers do; for people and for programs."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from manifests.errors import UserError

from ..farm import board
from ..farm.board import Board, RunState, WorkerState
from ..farm.connections import connected
from ..farm.runs import absolute
from ..progress import duration
from ..standing import Standing, standing
from ..storage.urls import Place

_WIDTH = 120


class Shown(Protocol):
    """Something that stands still for a look at it."""

    @property
    def going_on(self) -> bool:
        """Whether a later look may find something else."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""

    def renderable(self) -> RenderableType:
        """Tables and lines for a person."""


@dataclass(frozen=True)
class RunStanding:
    """A data set on the farm.

    Attributes:
        state: what the farm knows.
        disk: what its folder tells; None where this machine does not see it.
    """

    state: RunState
    disk: Standing | None

    @property
    def word(self) -> str:
        """What becomes of it at this moment."""
        out = self.state.queued + self.state.running
        done = self.disk is not None and not self.disk.missing and not out
        return "complete" if done else self.state.word

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest takes at the pace of the last minutes; None where that is not known."""
        if self.disk is None or not self.state.pairs_per_s:
            return None
        left = self.disk.total - self.disk.done - sum(self.disk.quarantined.values())
        return max(0, left) / self.state.pairs_per_s

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        state, run = self.state, self.state.run
        return {
            "name": run.name,
            "folder": str(run.folder),
            "state": self.word,
            "priority": run.priority,
            "device": run.device,
            "tags": list(run.tags),
            "done": self.disk.done if self.disk else None,
            "total": self.disk.total if self.disk else run.total,
            "shards": {
                "waiting": state.queued,
                "running": state.running,
                "done": state.shards_done,
                "given_up": state.given_up,
            },
            "pairs_per_s": round(state.pairs_per_s, 4),
            "seconds_left": self.seconds_left,
            "quarantined": self.disk.quarantined if self.disk else {},
            "failed_tries": state.reasons,
        }


@dataclass(frozen=True)
class WorkersShown:
    """The workers of a farm."""

    workers: list[WorkerState]

    @property
    def going_on(self) -> bool:
        return True

    def as_dict(self) -> dict[str, Any]:
        return {"workers": [asdict(worker) for worker in self.workers]}

    def renderable(self) -> RenderableType:
        if not self.workers:
            return Text(Board().note())
        table = _table("host", "worker", "state", "*done", "*failed", "*heard", "takes no shards because")
        for worker in self.workers:
            reason = worker.reason if worker.ours else "plain RQ; start it with -w worker.farm.FarmWorker"
            heard = f"{worker.seconds_silent:.0f} s ago"
            counts = (str(worker.done), str(worker.failed))
            table.add_row(worker.host, f"{worker.name[:20]} ({worker.pid})", worker.state, *counts, heard, reason)
        return table


@dataclass(frozen=True)
class FarmStanding:
    """Data sets on a farm and its workers."""

    runs: list[RunStanding]
    workers: list[WorkerState] = field(default_factory=list)

    @property
    def going_on(self) -> bool:
        return any(each.state.queued or each.state.running for each in self.runs)

    def as_dict(self) -> dict[str, Any]:
        states = Counter(worker.state for worker in self.workers if worker.ours)
        return {"runs": [each.as_dict() for each in self.runs], "workers": dict(states)}

    def renderable(self) -> RenderableType:
        if not self.runs:
            return Text("nothing has been handed to this farm")
        states = Counter(worker.state for worker in self.workers if worker.ours)
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        parts: list[RenderableType] = [self._table(), Text(f"workers: {counts or 'none'}")]
        if note := Board(workers=self.workers).note():
            parts.append(Text(note, style="yellow"))
        if reasons := self._reasons():
            parts.append(reasons)
        return Group(*parts)

    def _called(self, which: RunStanding) -> str:
        """The name of a data set; its folder where several go by that name."""
        run = which.state.run
        several = sum(each.state.run.name == run.name for each in self.runs) > 1
        return str(run.folder) if several else run.name

    def _table(self) -> Table:
        table = _table("data set", "state", "*pairs", "*waiting", "*running", "*done", "*given up", "*pairs/s", "*left")
        for each in self.runs:
            state = each.state
            done, total = (each.disk.done, each.disk.total) if each.disk else ("?", state.run.total)
            shards = (state.queued, state.running, state.shards_done, state.given_up)
            left = duration(each.seconds_left) if each.seconds_left is not None and state.queued + state.running else ""
            pace = f"{state.pairs_per_s:.2f}" if state.pairs_per_s else ""
            table.add_row(self._called(each), each.word, f"{done}/{total}", *map(str, shards), pace, left)
        return table

    def _reasons(self) -> Table | None:
        table = _table("*failed", "data set", "reason")
        for each in self.runs:
            for kind, count in (each.disk.quarantined if each.disk else {}).items():
                again = f"'defectory retry {each.disk.folder if each.disk else ''} --failed'"
                table.add_row(f"{count} frames", self._called(each), f"{kind}, quarantined; {again} tries them again")
            for reason, count in sorted(each.state.reasons.items(), key=lambda item: -item[1]):
                table.add_row(f"{count} tries", self._called(each), reason)
        return table if table.row_count else None


@dataclass(frozen=True)
class LocalStanding:
    """A data set that is on no farm."""

    found: Standing

    @property
    def going_on(self) -> bool:
        return self.found.running

    def as_dict(self) -> dict[str, Any]:
        return self.found.as_dict()

    def renderable(self) -> RenderableType:
        return Text(self.found.text(), no_wrap=True, overflow="ignore")


@contextlib.contextmanager
def looking(folder: Place | None, redis_url: str | None) -> Iterator[Callable[[], Shown]]:
    """A way to look at a data set, or at all of a farm, as often as one likes.

    Raises:
        UserError: the folder holds no data set; Redis does not answer.
    """
    if redis_url is None:
        assert folder is not None
        here = folder
        yield lambda: LocalStanding(standing(here))
        return
    with connected(redis_url) as connection:

        def look() -> Shown:
            found = board.look(connection)
            if folder is None:
                return FarmStanding([RunStanding(state, _seen(state)) for state in found.runs], found.workers)
            disk = standing(folder)
            for state in found.runs:
                if state.run.folder == absolute(folder):
                    return FarmStanding([RunStanding(state, disk)], found.workers)
            return LocalStanding(disk)

        yield look


def workers(redis_url: str) -> WorkersShown:
    """The workers of a farm.

    Raises:
        QueueError: Redis does not answer.
    """
    with connected(redis_url) as connection:
        return WorkersShown(board.workers(connection))


def _seen(state: RunState) -> Standing | None:
    with contextlib.suppress(UserError, OSError):
        return standing(state.run.folder)
    return None


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip("*"), justify="right" if column[0] == "*" else "left", overflow="fold")
    return table


def plain(what: RenderableType) -> str:
    """Text without colours, for a file or another program."""
    console = Console(file=io.StringIO(), width=_WIDTH, soft_wrap=True)
    console.print(what)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
