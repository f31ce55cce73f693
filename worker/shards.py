"""Shards on a worker: Blender after Blender until each frame is committed or quarantined.

All frames go to one Blender. A frame that makes it hang, grow or die is set aside, and another Blender goes on with
the rest; a frame whose output does not pass is set aside as well. What was set aside is tried again after a pause:
frames with bad output together, frames that cost a Blender each in a Blender of its own. After its last try a frame
is quarantined.
"""

from __future__ import annotations

import contextlib
import shutil
import time
import traceback
from dataclasses import dataclass, field

from manifests.errors import BlenderError, UserError
from manifests.layout import RECORD, DataSet, disk_errors
from manifests.schema import Manifest

from . import stopping
from .blender import last_lines
from .blender.supervisor import Died
from .pairs import failures
from .pairs.attempts import Attempt
from .pairs.failures import Kind, Try
from .pairs.records import complete_record
from .refusals import check_folder
from .rendering import Means, Rendered, render

TRIES = 3
"""Tries that a frame has before it is quarantined."""

_PAUSE_S = 0.5  # before the second try; four times as long before each further one
_STARTS = 3  # Blenders in a row that die before they have finished a frame, through no fault of a frame's
_SUSPECT = 3  # frames that fail while none succeeds, from which on machine or manifest are at fault and not the frames


class NothingRendered(BlenderError):
    """Not one frame of the shard could be had here: machine or manifest may be at fault.

    Where the next attempt at the shard, on this machine or another, fares no better, the frames are blamed.
    """


@dataclass
class Shard:
    """One attempt at a shard.

    Attributes:
        data_set, manifest: whose frames.
        attempt: the folder, and the right to commit from it.
        means: device and limits.
        committed: pairs that came of it.
    """

    data_set: DataSet
    manifest: Manifest
    attempt: Attempt
    means: Means
    committed: int = 0
    _queue: list[int] = field(default_factory=list)
    _aside: dict[int, tuple[Kind, float]] = field(default_factory=dict)  # how it failed, when to try again
    _held: dict[int, Try] = field(default_factory=dict)  # failures, while it is open whose fault they are
    _succeeds: bool = False  # whether some frame has passed
    _judged: bool = False  # whether frames that fail are at fault themselves
    _starts: int = 0

    def render(self, frames: list[int]) -> int:
        """Render frames.

        Returns:
            How many were committed.

        Raises:
            BlenderError: Blender is absent, refuses, or does not come to its first frame.
            NothingRendered: no frame succeeded.
            FolderRefused: the disk is full or refuses.
            Fenced: another attempt has taken the shard over.
            Stopping: the worker was asked to stop; what was in flight has been committed.
        """
        try:
            self._queue = list(frames)
            self._judged = self.attempt.after_fruitless
            while self._queue or self._aside:
                self._queue = self._queue or self._due()
                self._render_queue()
                if not self._queue:
                    self._judge()
        except Exception as error:
            self.attempt.check()
            check_folder(self.data_set, error)
            raise
        return self.committed

    def _render_queue(self) -> None:
        """Give the queue to one Blender; what it does not come to stays there."""
        rendering = render(self.data_set, self.manifest, self.attempt, list(self._queue), self.means)
        # Closed here and now, whatever happens: that ends Blender.
        with contextlib.closing(rendering):
            try:
                for rendered in rendering:
                    self._take(rendered)
                    stopping.check()
            except Died as death:
                self.attempt.check()
                check_folder(self.data_set, death)
                self._bury(death)

    def _take(self, rendered: Rendered) -> None:
        """Develop, verify and commit a frame, or set it aside."""
        frame = int(rendered.event["frame"])
        staged = self.attempt.folder / f"{frame:07d}"
        self._queue.remove(frame)
        self._starts = 0
        try:
            self._stage(rendered, frame)
            self.committed += self.data_set.commit(staged, frame)
        except Exception as error:
            self.attempt.check()
            check_folder(self.data_set, error)
            # The next try must find nothing of this one.
            shutil.rmtree(staged, ignore_errors=True)
            self._fail(frame, "output", self._reason(frame, error))
            return
        self._succeeds = True
        self._charge()
        self.data_set.drop_failure(frame)

    def _reason(self, frame: int, error: Exception) -> str:
        if isinstance(error, UserError):
            return str(error).removeprefix(f"frame {frame}: ")
        # A fault of ours must not cost the other frames either.
        with self.attempt.log.open("a") as log:
            traceback.print_exception(error, file=log)
        return " ".join(f"{type(error).__name__}: {error}".split())

    def _stage(self, rendered: Rendered, frame: int) -> None:
        from .pairs import check_pair

        staged = self.attempt.folder / f"{frame:07d}"
        with disk_errors(staged):
            staged.mkdir()
            developed = rendered.write(folder=staged)
            record = complete_record(self.data_set, rendered.table, frame, developed, rendered.event, rendered.origin)
            (staged / RECORD).write_text(record, encoding="utf-8")
        check_pair(staged, self.manifest, frame)

    def _bury(self, death: Died) -> None:
        if death.frame is None:
            self._starts += 1
            if self._starts >= _STARTS:
                raise death
            time.sleep(_PAUSE_S)
            return
        self._queue.remove(death.frame)
        self._fail(death.frame, death.kind, death.reason)
        if sum(failed.kind != "output" for failed in self._held.values()) >= _SUSPECT:
            self._give_up()

    def _fail(self, frame: int, kind: Kind, reason: str) -> None:
        self.attempt.keep_log = True
        self._held[frame] = Try(kind, reason, self.attempt.token, tuple(last_lines(self.attempt.log)))
        if self._succeeds or self._judged:
            self._charge()

    def _judge(self) -> None:
        """All frames have been tried: decide whether those that failed are at fault themselves."""
        if len(self._held) >= _SUSPECT:
            self._give_up()
        self._judged = True
        self._charge()

    def _give_up(self) -> None:
        self.attempt.fruitless = True
        frame, failed = next(iter(self._held.items()))
        raise NothingRendered(f"frame {frame}: {failed.reason}")

    def _charge(self) -> None:
        """Write the failures down to their frames, each to be tried again or quarantined."""
        for frame, failed in self._held.items():
            failure = failures.add(self.data_set, frame, failed, TRIES)
            if not failure.quarantined:
                pause_s = _PAUSE_S * 4 ** (len(failure.tries) - 1)
                self._aside[frame] = (failed.kind, time.monotonic() + pause_s)
        self._held.clear()

    def _due(self) -> list[int]:
        """Take what is to be tried next, when its time has come."""
        frames = sorted(frame for frame, (kind, _) in self._aside.items() if kind == "output")
        frames = frames or [min(self._aside, key=lambda frame: self._aside[frame][1])]
        time.sleep(max(0.0, min(self._aside[frame][1] for frame in frames) - time.monotonic()))
        stopping.check()
        self.attempt.check()
        for frame in frames:
            del self._aside[frame]
        return frames
