"""The supervisor on real processes: what it reads, what it ends and why, and that it leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from manifests.errors import BlenderError, UserError
from worker.blender.limits import Growth, Limits, Pace, from_environment
from worker.blender.supervisor import Died, running
from worker.refusals import Refused

READY = """print('DEFECTORY {"event": "ready"}')"""
BEGIN = """print('DEFECTORY {"event": "begin", "frame": 7}')"""


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
from worker.blender.supervisor import running
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


def gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def death(code: str, log: Path, limits: Limits | None = None) -> Died:
    with pytest.raises(Died) as caught, running(python(code), log, limits) as run:
        list(run)
    return caught.value


def test_frame_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    # It does not answer to anything less than SIGKILL, as a process in a driver does not.
    code = f"""
import os, signal, time
{READY}
print('DEFECTORY {{"event": "frame", "frame": 6}}')
{BEGIN}
print('what I did last')
os.kill(os.getpid(), signal.SIGSTOP)
"""
    began = time.monotonic()
    died = death(code, tmp_path / "log", Limits(Pace(first_s=30, slowest_s=0.1)))
    assert (died.kind, died.frame) == ("timeout", 7)
    assert died.reason.startswith("Blender took longer than its limit of 5.0 s (the slowest before took")
    assert 5 <= time.monotonic() - began < 15


def test_limit_is_learnt_from_the_frames_before() -> None:
    pace = Pace(first_s=1800)
    assert pace.limit_s == 1800
    pace.learn(0.5)
    assert pace.limit_s == 60
    pace.learn(40)
    pace.learn(20)
    assert pace.limit_s == 400
    assert Pace(first_s=30, slowest_s=0.1).limit_s == 5


def test_memory_has_its_limit_and_all_that_blender_starts_counts(tmp_path: Path) -> None:
    code = f"""
import subprocess, sys, time
{READY}
{BEGIN}
subprocess.run([sys.executable, "-c", "import time; x = b'x' * 300_000_000; time.sleep(60)"])
"""
    died = death(code, tmp_path / "log", Limits(memory_bytes=200_000_000))
    assert (died.kind, died.frame) == ("memory", 7)
    assert "GB of memory, more than the 0.20 it may" in died.reason


def test_children_of_blender_end_with_it(tmp_path: Path) -> None:
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print('DEFECTORY {"event": "ready", "child": %d}' % child.pid)
"""
    with running(python(code), tmp_path / "log") as run:
        child = next(run)["child"]
        with pytest.raises(Died, match="ended with exit code 0"):
            list(run)
    assert gone(child)


def test_blender_is_ended_when_the_shard_is_lost(tmp_path: Path) -> None:
    with (
        running(python(f"import time\n{READY}\ntime.sleep(60)"), tmp_path / "log", lost=lambda: True) as run,
        pytest.raises(Died, match="another attempt has taken the shard over"),
    ):
        list(run)


def test_growing_blender_is_asked_to_finish_and_does(tmp_path: Path) -> None:
    code = """
import sys, threading, time
finish = threading.Event()
threading.Thread(target=lambda: sys.stdin.readline() == "finish\\n" and finish.set(), daemon=True).start()
hoard = []
for frame in range(400):
    if finish.is_set():
        break
    print('DEFECTORY {"event": "begin", "frame": %d}' % frame)
    hoard.append(b"x" * 30_000_000)
    time.sleep(0.1)
    print('DEFECTORY {"event": "frame", "frame": %d}' % frame)
print('DEFECTORY {"event": "done"}')
"""
    with running(python(code), tmp_path / "log") as run:
        frames = [event["frame"] for event in run if event["event"] == "frame"]
    assert 16 <= len(frames) < 100


def test_growth_is_judged_late_and_by_much() -> None:
    gigabyte = 2**30
    steady, growing, small, restless = Growth(), Growth(), Growth(), Growth()
    assert not any(steady.frame_done(gigabyte + frame * 1000) for frame in range(100))
    assert [growing.frame_done(gigabyte + frame * gigabyte // 8) for frame in range(16)] == [False] * 15 + [True]
    assert not any(restless.frame_done(gigabyte * (1 + 2 * (frame % 3 > 0))) for frame in range(2, 100))
    assert not any(small.frame_done((1 + frame) * 2**20) for frame in range(100))


def test_limits_of_the_machine_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFECTORY_FRAME_SECONDS", "12.5")
    monkeypatch.setenv("DEFECTORY_MEMORY_GB", "3")
    limits = from_environment()
    assert (limits.pace.first_s, limits.memory_bytes) == (12.5, 3_000_000_000)
    for text in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv("DEFECTORY_FRAME_SECONDS", text)
        with pytest.raises(UserError, match=f"DEFECTORY_FRAME_SECONDS={text}: must be a number above 0"):
            from_environment()
