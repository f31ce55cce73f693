"""The command line of Blender to the letter, where it is looked for, and the supervisor on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from manifests.errors import BlenderError
from worker.blender import Blender, build_command, find_blender
from worker.refusals import Refused
from worker.supervisor import running


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


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def test_events_come_and_chatter_goes_to_the_log(tmp_path: Path) -> None:
    code = """
print('Fra:1 Mem:5M')
print('DEFECTORY {"event": "ready", "blender": "4.5"}')
print('DEFECTORY half a line')
print('DEFECTORY {"event": "frame", "frame": 3}')
print('DEFECTORY {"event": "done"}')
"""
    with running(python(code), tmp_path / "log") as events:
        assert [event["event"] for event in events] == ["ready", "frame"]
    assert (tmp_path / "log").read_text() == "Fra:1 Mem:5M\nDEFECTORY half a line\n"


def test_refusal_is_the_users_to_mend(tmp_path: Path) -> None:
    code = """import sys; print('DEFECTORY {"event": "refused", "problem": "device cuda:\\\\n absent"}'); sys.exit(2)"""
    with pytest.raises(Refused, match=r"^device cuda: absent$"), running(python(code), tmp_path / "log") as events:
        list(events)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('out of paint')", "ended with exit code 1 before it was done: out of paint"),
        ("import os; os.kill(os.getpid(), 11)", "was killed by signal 11 before it was done: it printed nothing"),
        ("pass", "ended with exit code 0 before it was done"),
    ],
)
def test_failure_names_its_last_words_and_the_log(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(BlenderError) as caught, running(python(code), tmp_path / "log") as events:
        list(events)
    assert said in str(caught.value)
    assert str(tmp_path / "log") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_leaving_kills_and_reaps(tmp_path: Path) -> None:
    code = """
import os, time
print('DEFECTORY {"event": "ready", "pid": %d}' % os.getpid())
time.sleep(60)
"""
    with running(python(code), tmp_path / "log") as events:
        pid = next(events)["pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_blender_does_not_wait_for_whoever_handles_its_events(tmp_path: Path) -> None:
    # A pipe holds 64 KiB; without a reader of its own, the child would still be writing when it is looked at.
    code = f"""
import pathlib
print('DEFECTORY {{"event": "ready"}}')
print('x' * 1_000_000)
pathlib.Path({str(tmp_path / "end")!r}).touch()
print('DEFECTORY {{"event": "done"}}')
"""
    with running(python(code), tmp_path / "log") as events:
        next(events)
        give_up = time.monotonic() + 10
        while not (tmp_path / "end").exists() and time.monotonic() < give_up:
            time.sleep(0.01)
        assert (tmp_path / "end").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_child_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, signal, sys
from worker.supervisor import running
child = [sys.executable, '-uc', 'import time; print("DEFECTORY {{\\\\"event\\\\": \\\\"ready\\\\"}}"); time.sleep(60)']
with running(child, pathlib.Path({str(tmp_path / "log")!r})) as events:
    next(events)
    print(open('/proc/thread-self/children').read().strip(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(python(code), capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    child = int(done.stdout)
    give_up = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < give_up:
        if ") Z" in Path(f"/proc/{child}/stat").read_text():
            break
        time.sleep(0.01)
    else:
        assert not Path(f"/proc/{child}").exists()
