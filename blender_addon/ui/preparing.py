"""The part is prepared by a process of its own, so that the window never waits: begun, watched, cancelled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..contract import errors, fields, schema
from .messages import guarded, redraw

_EVERY_S = 0.2


@dataclass
class Work:
    """A part that is being prepared.

    Attributes:
        process: that prepares it.
        name: of the CAD file.
        began: on the clock of ``time.monotonic``.
        then: what comes after.
    """

    process: subprocess.Popen[str]
    name: str
    began: float
    then: Callable[[], object]


work: Work | None = None


def begin(part: schema.Part, home: Path, then: Callable[[], object]) -> None:
    """Prepare a part in the background; what is under way already is given up.

    Args:
        part: of the manifest.
        home: folder of the manifest.
        then: called when the part is there.
    """
    global work
    from .prepared import own_folder

    cancel()
    task = {"part": fields.to_dict(part), "home": str(home), "own": str(own_folder())}
    command = [sys.executable, str(Path(__file__).with_name("prepare_process.py")), json.dumps(task)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
    )
    work = Work(process, Path(part.file).name, time.monotonic(), then)
    bpy.app.timers.register(_watch, first_interval=_EVERY_S)


def cancel() -> None:
    """Give up what is under way."""
    global work
    if work is not None:
        work.process.kill()
        work.process.communicate()
        work = None


def seconds() -> float | None:
    """How long a part has been in preparation; None: none is."""
    return None if work is None else time.monotonic() - work.began


def name() -> str:
    """The CAD file that is being prepared; empty: none is."""
    return "" if work is None else work.name


def _watch() -> float | None:
    global work
    if work is None:
        return None
    redraw()
    if work.process.poll() is None:
        return _EVERY_S
    said, complaint = work.process.communicate()
    done, work = work, None
    if done.process.returncode == 0:
        done.then()
    else:
        guarded(lambda: _refuse(said, complaint))
    redraw()
    return None


def _refuse(said: str, complaint: str) -> None:
    last = (said.strip() or complaint.strip() or "the part could not be prepared").splitlines()[-1]
    raise errors.PartError(last)


def _environment() -> dict[str, str]:
    # The packages that the extension brought are found where Blender finds them.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
