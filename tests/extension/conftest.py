"""The built extension, installed into a user folder of its own for each Blender: what is tested is the zip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blender_addon.build import build, this_platform

EXAMPLES = Path(__file__).resolve().parents[2] / "manifests" / "examples"
SCRIPT = Path(__file__).with_name("inside") / "run.py"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, built for this machine; the first time, its wheels come over the network."""
    return build(tmp_path_factory.mktemp("dist"), [this_platform()])


@pytest.fixture(scope="session")
def inside(blender: str, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs a ``subject.task`` of ``inside/`` in a fresh Blender with the zip installed, and returns its answer."""
    home = tmp_path_factory.mktemp("home")
    # Neither the checkout nor the user's own settings may lend a hand.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BLENDER"))}
    environment["BLENDER_USER_RESOURCES"] = str(home)
    if Path(blender).name.startswith("python"):
        command = [blender, str(SCRIPT)]
    else:
        command = [blender, "-b", "--factory-startup", "-y", "--python-exit-code", "1", "-P", str(SCRIPT)]

    def run(task: str, *arguments: object) -> Any:
        answer = home / "answer.json"
        answer.unlink(missing_ok=True)
        full = [*command, "--", str(answer), task, *map(str, arguments)]
        options: dict[str, Any] = {"cwd": home, "env": environment, "stdin": subprocess.DEVNULL, "timeout": 300}
        done = subprocess.run(full, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return json.loads(answer.read_text())

    run("installing.install", archive)
    return run


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """The command of this checkout as a program; all that it starts bears its path as ``DEFECTORY_TEST_MARK``."""
    path = tmp_path / "defectory"
    settings = f"DEFECTORY_TEST_MARK='{path}' PYTHONPATH='{EXAMPLES.parents[1]}'"
    path.write_text(f"#!/bin/sh\n{settings} exec '{sys.executable}' -m worker.cli \"$@\"\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The project's examples, in a folder that may be written to."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))
