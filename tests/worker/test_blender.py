"""The command line of Blender to the letter, and where it is looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from manifests.errors import BlenderError
from worker.blender import Blender, build_command, find_blender


def test_command_of_a_program() -> None:
    blender = Blender("binary", "/opt/Blender 4.5/blender", "PATH")
    assert build_command(blender, "/home/a b/headless.py", "/data/my set/.attempts/ab/shard.json") == [
        "/opt/Blender 4.5/blender",
        "-b",
        "--factory-startup",
        "--enable-autoexec",
        "--python-exit-code",
        "1",
        "-P",
        "/home/a b/headless.py",
        "--",
        "/data/my set/.attempts/ab/shard.json",
    ]


def test_command_of_the_module_keeps_backslashes() -> None:
    blender = Blender("module", "C:\\Program Files\\Python311\\python.exe", "bpy module of this Python")
    assert build_command(blender, "C:\\a b\\headless.py", "D:\\set\\shard.json") == [
        "C:\\Program Files\\Python311\\python.exe",
        "C:\\a b\\headless.py",
        "--",
        "D:\\set\\shard.json",
    ]


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_named_blender_comes_before_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, on_path = program(tmp_path / "my blender"), program(tmp_path / "bin" / "blender")
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setenv("DEFECTORY_BLENDER", str(named))
    assert find_blender() == Blender("binary", str(named), "DEFECTORY_BLENDER")
    monkeypatch.delenv("DEFECTORY_BLENDER")
    assert find_blender() == Blender("binary", str(on_path), "PATH")


def test_named_python_is_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFECTORY_BLENDER", str(program(tmp_path / "python3.13")))
    assert find_blender().kind == "module"


def test_without_a_program_this_python_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("DEFECTORY_BLENDER", raising=False)
    assert find_blender() == Blender("module", sys.executable, "bpy module of this Python")


def test_named_blender_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFECTORY_BLENDER", "/nowhere/blender")
    with pytest.raises(BlenderError, match="DEFECTORY_BLENDER=/nowhere/blender: is no program"):
        find_blender()
