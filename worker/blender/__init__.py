"""Blender: where it is found, its command line, and the last words of its log."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from manifests.errors import BlenderError

MARK = b"DEFECTORY "
ENVIRONMENT = "DEFECTORY_BLENDER"
ADVICE = f"install bpy ('pip install bpy==4.5.15'), put blender on PATH, or set {ENVIRONMENT} to one"


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
            raise BlenderError(f"{ENVIRONMENT}={named}: is no program; {ADVICE}, or unset it")
        kind: Literal["binary", "module"] = "module" if Path(path).name.lower().startswith("python") else "binary"
        return Blender(kind, path, ENVIRONMENT)
    path = shutil.which("blender")
    if path is not None:
        return Blender("binary", path, "PATH")
    if importlib.util.find_spec("bpy") is not None:
        return Blender("module", sys.executable, "bpy module of this Python")
    raise BlenderError(f"no Blender: {ADVICE}")


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


def scratch_environment(scratch: Path) -> dict[str, str]:
    """Environment of a Blender that keeps its scratch files in a folder of ours.

    It makes a folder for them as it starts, and leaves it behind where it is killed or ends at once.
    """
    return os.environ | dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(scratch.absolute()))


def last_lines(log: Path, count: int = 20) -> list[str]:
    """The last lines of a log that say something, oldest first; at most 300 characters of each."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 20_000))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        lines = []
    return [line.strip()[:300] for line in lines if line.strip()][-count:]


def last_line(log: Path) -> str:
    """The last line of a log that says something; at most 300 characters."""
    return next(iter(last_lines(log, 1)), "it printed nothing")
