"""The command of the shell, run beside Blender: data sets rendered here or handed to a farm, watched and stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import bpy

from ..contract import errors, layout, schema
from .messages import guarded, redraw
from .preferences import Settings

_EVERY_S = 0.5
_LOOK_SHARE = 0.05
"""Of the time may go into counting the pairs."""
_PATIENCE_S = 10.0
"""How long a command may take to stop when the add-on goes."""
_NOT_THERE = "is not on the farm"
"""What the command says where there is nothing to take back: nothing was handed over, or all of it is done."""


@dataclass
class Run:
    """A data set that the command renders, or watches a farm render.

    Attributes:
        process: the command.
        data_set: its folder.
        frames: that it will have.
        log: what the command says.
        private: folder that its Blenders take for the user's; it goes with the run.
        environment: of the command.
        watch: command that waits for the farm, once the data set is handed over; empty: there is nothing to wait for.
        withdraw: command that takes the data set back from the farm; empty: it is not there.
        cancelled: whether it is being stopped.
        done: pairs that are there, as of the last look.
        next_look: not before, on the clock of ``time.monotonic``.
    """

    process: subprocess.Popen[bytes]
    data_set: layout.DataSet
    frames: int
    log: IO[bytes]
    private: tempfile.TemporaryDirectory[str]
    environment: dict[str, str]
    watch: list[str]
    withdraw: list[str]
    cancelled: bool = False
    done: int = 0
    next_look: float = 0.0

    def go_on(self, words: list[str]) -> None:
        """Have another command take the place of the one that ended."""
        self.process = _start(words, self.log, self.environment)


run: Run | None = None
last: layout.DataSet | None = None
"""The data set of the last run that ended, whose report can be opened."""


def data_folder(manifest: schema.Manifest, path: Path, settings: Settings) -> Path:
    """Folder of the data set of a manifest at ``path``."""
    # In a file that was never saved, Blender leaves a path that starts at the file where it is.
    return path.parent / bpy.path.abspath(settings.output_folder or "data") / manifest.name


def command(path: Path, out: Path, settings: Settings, *, farm: bool) -> list[str]:
    """Command line that renders a manifest, here or on the farm; the same that a person types in a shell.

    Raises:
        BlenderError: there is no such command, or no farm.
    """
    program = shutil.which(bpy.path.abspath(settings.command)) or shutil.which(settings.command)
    if program is None:
        raise errors.BlenderError(
            f"There is no command '{settings.command}'; name it under Command in the add-on's preferences, which the "
            "gear beside Render Here opens"
        )
    if farm and not settings.redis_url:
        raise errors.QueueError("No farm is known; name its Redis in the add-on's preferences, which the gear opens")
    words = [program, "submit" if farm else "render", str(path), "--out", str(out), "--device", settings.device]
    return [*words, "--redis", settings.redis_url] if farm else words


def begin(manifest: schema.Manifest, path: Path, settings: Settings, *, farm: bool) -> None:
    """Start the command on a manifest that was exported to ``path``.

    Raises:
        UserError: a run is under way, or the command cannot be started.
    """
    global run
    if run is not None:
        raise errors.BlenderError("A data set is being rendered already; wait for it or cancel it")
    out = data_folder(manifest, path, settings)
    words = command(path, out, settings, farm=farm)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if settings.blender:
        environment["DEFECTORY_BLENDER"] = bpy.path.abspath(settings.blender)
    # Another Blender that starts without add-ons would take the packages of this one's away.
    private = tempfile.TemporaryDirectory(prefix="defectory-")
    environment["BLENDER_USER_RESOURCES"] = private.name
    log = tempfile.TemporaryFile()  # noqa: SIM115
    process = _start(words, log, environment, path.parent)
    run = Run(process, layout.DataSet(out), manifest.frame_count, log, private, environment, [], [])
    if farm:
        where = [str(out.absolute()), "--redis", settings.redis_url]
        run.watch, run.withdraw = [words[0], "status", *where, "--watch"], [words[0], "cancel", *where]
    if not bpy.app.background:
        bpy.app.timers.register(_watch, first_interval=_EVERY_S)


def cancel() -> None:
    """Stop: what is committed stays, and the next run goes on from there.

    The command stops as Ctrl-C has it, though by SIGTERM: a Blender that a shell started in the background ignores
    Ctrl-C, and so do its children. What a farm has by then is taken back as soon as the command has ended.
    """
    if run is not None and not run.cancelled:
        run.cancelled = True
        run.process.terminate()


def leave() -> None:
    """Stop rendering here, and look no longer at a farm, which goes on; but what was cancelled there is taken back."""
    if run is not None and not run.cancelled:
        run.withdraw = []
        cancel()
    while run is not None:
        try:
            run.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            run.process.kill()
            run.process.wait()
        with contextlib.suppress(errors.UserError):  # there is no panel any more that could say it
            _end()
    if bpy.app.timers.is_registered(_watch):
        bpy.app.timers.unregister(_watch)


def wait() -> None:
    """Wait until the command has ended.

    Raises:
        UserError: with what it said, where it failed.
    """
    while run is not None:
        run.process.wait()
        _end()


def _watch() -> float | None:
    if run is None:
        return None
    if time.monotonic() >= run.next_look:
        guarded(_look, "pairs")
    redraw()
    if run.process.poll() is None:
        return _EVERY_S
    guarded(_end)
    redraw()
    return _EVERY_S if run is not None else None


def _look() -> None:
    """Count the pairs, of which there may be many on a slow disk: the window waits meanwhile."""
    assert run is not None
    began = time.monotonic()
    try:
        run.done = len(run.data_set.complete_frames())
    except OSError as problem:
        raise errors.DataSetError(f"{run.data_set.root}: cannot be read: {problem.strerror}") from None
    finally:
        now = time.monotonic()
        run.next_look = now + (now - began) / _LOOK_SHARE


def _start(
    words: list[str], log: IO[bytes], environment: dict[str, str], folder: Path | None = None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder
        )
    except OSError as problem:
        raise errors.BlenderError(f"{words[0]}: cannot be started: {problem.strerror}") from None


def _end() -> None:
    global run, last
    assert run is not None
    if run.cancelled:
        following, run.withdraw = run.withdraw, []
    else:
        following, run.watch = run.watch if run.process.returncode == 0 else [], []
    if following:
        run.go_on(following)
        return
    ended, run = run, None
    last = ended.data_set
    ended.log.seek(0)
    said = ended.log.read().decode(errors="replace").strip().splitlines()
    ended.log.close()
    ended.private.cleanup()
    if ended.process.returncode not in (0, -signal.SIGTERM, 130):
        line = next(
            (line for line in reversed(said) if line.startswith("defectory: ")), said[-1] if said else "no word"
        )
        if ended.cancelled and _NOT_THERE in line:
            return
        raise errors.BlenderError(line.removeprefix("defectory: ").removeprefix("error: "))
