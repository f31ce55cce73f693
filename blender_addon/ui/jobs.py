"""Processes that work beside the window, so that it never waits: begun, watched by a timer, cancelled.

A job lives in a process of its own, which ends when its standard input does. What it says goes through a file, so that
it never waits for anybody to listen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import bpy

from ..contract import errors
from .messages import described, guarded, redraw

_EVERY_S = 0.2


@dataclass
class Job:
    """A process at work.

    Attributes:
        process: that works.
        title: what it does, for people.
        then: called when all went well.
        hear: called with each line that it says, as soon as it is there.
        log: what it says.
        problem: why it failed, where that is known better than by its last line.
        began: on the clock of ``time.monotonic``.
        progress: 0 to 1, as far as anybody knows; None: nobody does.
        heard: bytes of the log that were heard.
        scratch: folder that goes when the job ends; None: it has none.
        about: what its failure is about, as ``guarded`` takes it.
    """

    process: subprocess.Popen[bytes]
    title: str
    then: Callable[[], object]
    hear: Callable[[str], object]
    log: IO[bytes]
    began: float
    progress: float | None = None
    heard: int = 0
    problem: str = ""
    scratch: tempfile.TemporaryDirectory[str] | None = None
    about: str = ""

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return time.monotonic() - self.began

    def listen(self) -> None:
        """Pass on the lines that are complete by now."""
        self.log.seek(self.heard)
        said = self.log.read()
        said = said[: said.rfind(b"\n") + 1]
        self.heard += len(said)
        for line in said.decode(errors="replace").splitlines():
            self.hear(line)

    def end(self) -> None:
        """Leave nothing of it."""
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()
        self.log.close()
        Path(self.log.name).unlink(missing_ok=True)
        if self.scratch is not None:
            self.scratch.cleanup()


running: dict[str, Job] = {}
"""Jobs by kind; there is one of a kind at a time."""


def begin(
    kind: str,
    title: str,
    command: Sequence[str],
    then: Callable[[], object],
    hear: Callable[[str], object] = lambda line: None,
    scratch: tempfile.TemporaryDirectory[str] | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Start a process; one of the same kind that is under way is given up.

    Args:
        kind: of the job.
        title: for people.
        command: program and arguments.
        then: called when it has ended well, while ``scratch`` is still there.
        hear: called with each line of its output.
        scratch: a folder that goes when the job has ended.
        environment: of the process; None: Blender's own.

    Raises:
        BlenderError: it cannot be started.
    """
    cancel(kind)
    end, name = tempfile.mkstemp(prefix="defectory-", suffix=".log")
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=end, stderr=subprocess.STDOUT, env=environment
        )
    except OSError as problem:
        Path(name).unlink()
        raise errors.BlenderError(f"{command[0]}: cannot be started: {problem.strerror}") from None
    finally:
        os.close(end)
    # Opened anew: where the process writes next must not depend on what was read.
    log = open(name, "rb")  # noqa: SIM115
    running[kind] = Job(process, title, then, hear, log, time.monotonic(), scratch=scratch)
    if not bpy.app.background and not bpy.app.timers.is_registered(_watch):
        bpy.app.timers.register(_watch, first_interval=_EVERY_S)


def begin_task(
    kind: str,
    title: str,
    module: str,
    task: dict[str, Any],
    then: Callable[[], object],
    scratch: tempfile.TemporaryDirectory[str] | None = None,
) -> None:
    """:func:`begin` for a task in a Python process; ``module`` and ``task`` as ``child`` takes them."""
    scratch = scratch or tempfile.TemporaryDirectory(prefix="defectory-")
    # In a file: a manifest of many views is longer than a command line may be.
    file = Path(scratch.name) / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    command = [sys.executable, str(Path(__file__).with_name("child.py")), module, str(file)]
    # The packages that the extension brought are found where Blender finds them.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    begin(kind, title, command, then, scratch=scratch, environment=environment)


def cancel(kind: str) -> None:
    """Give up a job."""
    job = running.pop(kind, None)
    if job is not None:
        job.end()


def cancel_all() -> None:
    """Give up all jobs."""
    for kind in list(running):
        cancel(kind)
    if bpy.app.timers.is_registered(_watch):
        bpy.app.timers.unregister(_watch)


def wait(kind: str) -> None:
    """Wait until a job has ended, as where there is no window; what goes wrong becomes the panel's message."""
    job = running.get(kind)
    if job is not None:
        job.process.wait()
        _look(kind, job)


def _watch() -> float | None:
    for kind, job in list(running.items()):
        _look(kind, job)
    redraw()
    return _EVERY_S if running else None


def _look(kind: str, job: Job) -> None:
    ended = job.process.poll() is not None
    try:
        job.listen()
    except Exception as failure:
        job.problem = job.problem or described(failure)
    if not ended:
        return
    # First of all: what comes next may begin a job of the same kind.
    running.pop(kind, None)
    well = job.process.returncode == 0 and not job.problem
    guarded(lambda: _finish(job, well), job.title if well else job.about)


def _finish(job: Job, well: bool) -> None:
    try:
        if well:
            job.then()
        else:
            _refuse(job)
    finally:
        job.end()


def _refuse(job: Job) -> None:
    if job.problem:
        raise errors.BlenderError(job.problem)
    job.log.seek(0)
    lines = [line.strip() for line in job.log.read().decode(errors="replace").splitlines() if line.strip()]
    raise errors.BlenderError(lines[-1] if lines else f"{job.title}: ended without a word")
