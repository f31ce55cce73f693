"""The supervisor of one Blender: reads its reports, ends it where it hangs or takes too much, leaves nothing behind.

Blender runs ``blender_addon/headless.py`` on a shard file and prints, among chatter of its own, lines that begin with
``DEFECTORY `` and go on with a JSON object: ``ready``, ``begin`` and ``frame`` for each frame, ``done``; or ``refused``
with a mistake of the user's.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from manifests.errors import BlenderError

from ..lifeline import die_with_parent
from ..pairs.failures import Kind
from ..processes import Identity, identify, living_members, memory_bytes
from ..refusals import Refused
from . import ADVICE, MARK, last_line, scratch_environment
from .limits import Growth, Limits

_LOOK_S = 0.1
_END_S = 10.0
_WEIGH_S = 1.0
_LINGER_S = 5.0  # for the last lines of a Blender that has ended
_FINISH = b"finish\n"


class Died(BlenderError):
    """Blender ended, or was ended, before it was done.

    Attributes:
        kind: ``timeout``, ``memory`` or ``crash``.
        reason: one line, without frame and log.
        frame: that was being rendered; None: it had not come to the first.
    """

    def __init__(self, kind: Kind, reason: str, frame: int | None, log: Path) -> None:
        self.kind, self.reason, self.frame = kind, reason, frame
        super().__init__(f"{reason} (log: {log})")


class Run:
    """A Blender that runs; iterating gives its events as they come, and ends when it is done.

    The events are read by a thread of their own, so that Blender never waits for whoever handles them, and a second
    one keeps watch, so that a hung Blender is ended even while they are handled.

    Attributes:
        identity: of the process.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], log: Path, limits: Limits, lost: Callable[[], bool] | None
    ) -> None:
        self._process, self._log, self._limits, self._lost = process, log, limits, lost
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._growth = Growth()
        self._memory = 0
        self._frame: int | None = None
        self._since = time.monotonic()
        self._verdict: tuple[Kind, str] | None = None
        self._left = threading.Event()
        self.identity: Identity | None = identify(process.pid)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        event = self._events.get()
        if event is None:
            raise self._death()
        if event["event"] == "done":
            self._events.put(event)
            raise StopIteration
        if event["event"] == "refused":
            raise Refused(" ".join(str(event.get("problem")).split()))
        return event

    def finish(self) -> None:
        """Have Blender end after the frame in flight; what it has not begun by then is left out."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(_FINISH)

    def _death(self) -> Died:
        # Who has closed its output without ending will not end by itself either.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_LINGER_S)
        if self._verdict is not None:
            return Died(*self._verdict, self._frame, self._log)
        code = self._process.poll()
        ended = "fell silent" if code is None else f"ended with exit code {code}"
        if code is not None and code < 0:
            ended = f"was killed by signal {-code}"
        return Died("crash", f"Blender {ended} before it was done: {last_line(self._log)}", self._frame, self._log)

    def _read(self, stream: IO[bytes], chatter: IO[bytes]) -> None:
        with contextlib.suppress(ValueError):  # the stream is closed when a Blender is left that does not let go of it
            for line in stream:
                if line.startswith(MARK):
                    with contextlib.suppress(ValueError, KeyError, TypeError):
                        event = json.loads(line[len(MARK) :])
                        self._note(event["event"], event)
                        self._events.put(event)
                        continue
                # A full disk must not end the reading: Blender would wait for a reader for ever.
                with contextlib.suppress(OSError):
                    chatter.write(line)
                    chatter.flush()
        self._events.put(None)

    def _note(self, name: str, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if name == "begin":
            self._frame = int(event["frame"])
        elif name == "frame":
            self._frame = None
            self._limits.pace.learn(now - self._since)
            if self._growth.frame_done(self._memory):
                self.finish()
        self._since = now

    def _watch(self, reader: threading.Thread) -> None:
        weigh_at = 0.0
        while not self._left.wait(_LOOK_S):
            if self._process.poll() is not None:
                # What it has started may hold on to the pipe, whose end would never come.
                _end_group(self._process)
                reader.join(_LINGER_S)
                self._events.put(None)
                return
            now = time.monotonic()
            pace = self._limits.pace
            limit_s = pace.limit_s if self._frame is not None else pace.first_s
            if now - self._since > limit_s:
                what = "took" if self._frame is not None else "started for"
                self._end("timeout", f"Blender {what} longer than its limit of {limit_s:.1f} s ({pace.why()})")
            if self._lost is not None and self._lost():
                self._end("crash", "Blender was ended: another attempt has taken the shard over")
            if now > weigh_at:
                weigh_at = now + _WEIGH_S
                self._memory = memory_bytes(self._process.pid)
                if self._memory > self._limits.memory_bytes:
                    took, most = self._memory / 1e9, self._limits.memory_bytes / 1e9
                    self._end("memory", f"Blender took {took:.2f} GB of memory, more than the {most:.2f} it may")

    def _end(self, kind: Kind, reason: str) -> None:
        self._verdict = self._verdict or (kind, reason)
        _end_group(self._process)


@contextlib.contextmanager
def running(
    command: list[str], log: Path, limits: Limits | None = None, lost: Callable[[], bool] | None = None
) -> Iterator[Run]:
    """Run Blender; on leaving, however that is, it is dead with all that it started, and reaped.

    Args:
        command: what :func:`worker.blender.build_command` gave.
        log: file that takes all that Blender prints besides its events; its folder takes Blender's scratch files.
        limits: what it may take.
        lost: whether whoever runs it has lost the right to.

    Raises:
        Refused: Blender reports a mistake of the user's.
        Died: it ended before it was done.
        BlenderError: it cannot be started.
    """
    parent = os.getpid()
    with log.open("ab") as chatter:
        try:
            process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=chatter,
                env=scratch_environment(log.parent),
                process_group=0,
                preexec_fn=lambda: die_with_parent(parent),
            )
        except OSError as error:
            raise BlenderError(f"{command[0]}: cannot be started: {error.strerror}; {ADVICE}") from None
        _offer_to_the_kernel(process.pid)
        run = Run(process, log, limits or Limits(), lost)
        reader = threading.Thread(target=run._read, args=(process.stdout, chatter), daemon=True)
        reader.start()
        watch = threading.Thread(target=run._watch, args=(reader,), daemon=True)
        watch.start()
        try:
            yield run
        finally:
            run._left.set()
            _end_group(process)
            watch.join(timeout=2 * _LINGER_S)
            reader.join(timeout=_LINGER_S)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, and wait until nobody is left."""
    give_up = time.monotonic() + _END_S
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while living_members(process.pid, os.getpgid) and time.monotonic() < give_up:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.01)


def _offer_to_the_kernel(pid: int) -> None:
    """Where memory runs out, Linux is to end Blender rather than Redis or the worker."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("500")
