"""The command's own ways: one line for a mistake, its exit codes, and no complaint when nobody reads on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from worker.cli import main
from worker.commands.doctoring import examine

from .made import made_data_set, made_manifest


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bogus"], "No such command 'bogus'; see 'defectory --help'"),
        (["render"], "Missing argument 'MANIFEST'; see 'defectory render --help'"),
        (["render", "m.yaml", "--frames", "5"], "Invalid value for '--frames': '5' is no range of frames"),
        (["render", "m.yaml", "--frames", "a:b"], "Invalid value for '--frames'"),
        (["render", "m.yaml", "--workers", "0"], "Invalid value for '--workers'"),
        (["render", "/nowhere/m.yaml"], "/nowhere/m.yaml: there is no such file"),
        (["status", "/nowhere"], "/nowhere: holds no data set"),
    ],
)
def test_mistake_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    code, _, err = run(capsys, *words)
    assert code == 2
    assert err.startswith(f"defectory: error: {said}")
    assert err.count("\n") == 1


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys)
    assert code == 2
    assert {"render", "status", "resume", "verify", "report", "doctor"} <= set(err.split())


def test_status_for_people_and_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made_data_set(tmp_path / "set", made_manifest(), [0, 2, 5])
    _, out, _ = run(capsys, "status", tmp_path / "set")
    assert out.splitlines() == [
        f"made in {tmp_path / 'set'}: 3 of 6 pairs",
        "missing: frames 1:2, 3:5",
        f"'defectory resume {tmp_path / 'set'}' renders them",
    ]
    _, out, _ = run(capsys, "status", tmp_path / "set", "--json")
    assert json.loads(out) == {
        "name": "made",
        "folder": str(tmp_path / "set"),
        "done": 3,
        "total": 6,
        "missing": [[1, 2], [3, 5]],
        "quarantined": {},
        "running": False,
        "failed_logs": [],
    }


def test_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    made_data_set(tmp_path, made_manifest(), [0])
    words = [sys.executable, "-m", "worker.cli", "status", str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.wait()


def test_doctor_finds_everything_here() -> None:
    findings = {finding.subject: finding for finding in examine(None)}
    assert list(findings) == ["Python", "packages", "Blender", "devices", "Redis", "disk"]
    assert all(finding.well for finding in findings.values() if finding.essential)
    assert findings["Blender"].detail.startswith("4.5")
    assert "cpu: " in findings["devices"].detail


def test_doctor_says_what_to_do(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFECTORY_BLENDER", "/nowhere/blender")
    code, out, err = run(capsys, "doctor", "--redis", "redis://localhost:1")
    assert code == 2
    wrong = [line for line in out.splitlines() if line.startswith("wrong")]
    assert len(wrong) == 2
    assert "DEFECTORY_BLENDER=/nowhere/blender: is no program; install bpy" in wrong[0]
    assert "redis://localhost:1: does not answer" in wrong[1]
    assert err.count("\n") == 1
