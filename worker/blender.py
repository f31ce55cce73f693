"""Blender as a child process: find it, build its command line, run it and read what it reports.

Blender runs ``blender_addon/headless.py`` on a shard file and prints, among chatter of its own, lines that begin with
``DEFECTORY `` and go on with a JSON object: ``ready``, one ``frame`` for each frame, ``done``; or ``refused`` with a
mistake of the user's.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from manifests.errors import BlenderError

from .lifeline import die_with_parent

MARK = b"DEFECTORY "
ENVIRONMENT = "DEFECTORY_BLENDER"
_ADVICE = f"install bpy ('pip install bpy==4.5.15'), put blender on PATH, or set {ENVIRONMENT} to one"


class Refused(BlenderError):
    """Blender works, but what is asked of it cannot be had: a device that is absent, say. Trying again is no use."""


@dataclass(frozen=True)
class Blender:
    """A Blender that can be started.

    Attributes:
        kind: ``binary``, the program; ``module``, a Python that has bpy.
        path: the program or the Python.
        origin: where it was found, in words.
    """

    kind: Literal["binary", "module"]
    path: str
    origin: str


def find_blender() -> Blender:
    """The Blender to use: DEFECTORY_BLENDER, else ``blender`` on PATH, else the bpy module of this Python.

    Raises:
        BlenderError: there is none, or DEFECTORY_BLENDER names no program.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        path = shutil.which(named)
        if path is None:
            raise BlenderError(f"{ENVIRONMENT}={named}: is no program; {_ADVICE}, or unset it")
        kind: Literal["binary", "module"] = "module" if Path(path).name.lower().startswith("python") else "binary"
        return Blender(kind, path, ENVIRONMENT)
    path = shutil.which("blender")
    if path is not None:
        return Blender("binary", path, "PATH")
    if importlib.util.find_spec("bpy") is not None:
        return Blender("module", sys.executable, "bpy module of this Python")
    raise BlenderError(f"no Blender: {_ADVICE}")


def headless_script() -> Path:
    """The script that Blender runs, found without importing the add-on.

    Raises:
        BlenderError: the add-on is not installed beside the worker.
    """
    spec = importlib.util.find_spec("blender_addon")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder) / "headless.py"
        if script.is_file():
            return script
    raise BlenderError("blender_addon/headless.py: is not installed; install the package 'defectory' anew")


def build_command(blender: Blender, script: Path | str, shard_file: Path | str) -> list[str]:
    """Command line that renders a shard, one string per argument, nothing quoted."""
    if blender.kind == "module":
        return [blender.path, str(script), "--", str(shard_file)]
    # The exit code must be asked for before the script is named; drivers are off without --enable-autoexec.
    options = ["-b", "--factory-startup", "--enable-autoexec", "--python-exit-code", "1"]
    return [blender.path, *options, "-P", str(script), "--", str(shard_file)]


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """Run Blender and give its events as they come; on leaving, however that is, Blender is dead and reaped.

    The events end when Blender does. They are read by a thread of their own, so that Blender never waits for whoever
    handles them.

    Args:
        command: what :func:`build_command` gave.
        log: file that takes all that Blender prints besides.

    Raises:
        Refused: Blender reports a mistake of the user's.
        BlenderError: Blender cannot be started or ends before it is done; carries the last line of the log.
    """
    parent = os.getpid()
    with log.open("ab") as chatter:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=chatter,
                preexec_fn=lambda: die_with_parent(parent),
            )
        except OSError as error:
            raise BlenderError(f"{command[0]}: cannot be started: {error.strerror}; {_ADVICE}") from None
        events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, chatter, events), daemon=True)
        reader.start()
        try:
            yield _until_done(process, events, log)
        finally:
            process.kill()
            process.wait()
            reader.join(timeout=5)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _read(stream: IO[bytes], chatter: IO[bytes], events: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in stream:
        if line.startswith(MARK):
            with contextlib.suppress(ValueError):
                events.put(json.loads(line[len(MARK) :]))
                continue
        # A full disk must not end the reading: Blender would wait for a reader for ever.
        with contextlib.suppress(OSError):
            chatter.write(line)
            chatter.flush()
    events.put(None)


def _until_done(
    process: subprocess.Popen[bytes], events: queue.SimpleQueue[dict[str, Any] | None], log: Path
) -> Iterator[dict[str, Any]]:
    while (event := events.get()) is not None:
        if event.get("event") == "done":
            return
        if event.get("event") == "refused":
            raise Refused(" ".join(str(event.get("problem")).split()))
        yield event
    code = process.wait()
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    raise BlenderError(f"Blender {ended} before it was done: {last_line(log)} (log: {log})")


def last_line(log: Path) -> str:
    """The last line of a log that says something; at most 300 characters."""
    try:
        lines = log.read_bytes()[-20_000:].decode(errors="replace").splitlines()
    except OSError:
        lines = []
    spoken = [line.strip() for line in lines if line.strip()]
    return spoken[-1][:300] if spoken else "it printed nothing"
