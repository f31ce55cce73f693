"""The command ``defectory-sidecar``, as a person types it."""

from __future__ import annotations

import subprocess
import sys


def test_help_leaves_torch_out() -> None:
    code = "import sidecar.cli, sys; print([m for m in ('bpy', 'torch', 'worker') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_command_is_one_line() -> None:
    command = [sys.executable, "-m", "sidecar.cli", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "defectory-sidecar: error: No such command 'nonsense'; see 'defectory-sidecar --help'\n"
