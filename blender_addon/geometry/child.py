"""Runs compiled code of a wheel in a Python process of its own.

Why: a crash inside OpenCascade must not take an artist's open Blender with it, its messages go to the C library's
stderr, and fast-simplification keeps its buffers (400 bytes a face) in static memory for the life of the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

# The child dies with its parent on Linux; elsewhere it ends with its one job.
_PREAMBLE = """
import ctypes, json, os, sys
sys.path[:] = json.loads(sys.argv.pop(1))
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
sys.argv.pop(1)
"""


def python_executable() -> str | None:
    """Path of an interpreter to start children with, or None where the host program hides it."""
    name = os.path.basename(sys.executable or "").lower()
    return sys.executable if name.startswith("python") else None


def run_python(code: str, arguments: Sequence[str]) -> tuple[int, str]:
    """Run ``code`` with ``sys.argv[1:]`` = ``arguments`` and this process's ``sys.path``.

    Returns:
        Exit status (negative: the signal that killed it) and what it wrote to stdout and stderr.

    Raises:
        RuntimeError: no interpreter is known; ask ``python_executable`` first.
    """
    executable = python_executable()
    if executable is None:
        raise RuntimeError("no Python interpreter to start a child with")
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])
    command = [executable, "-c", _PREAMBLE + code, path, str(os.getpid()), *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
