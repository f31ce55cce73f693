"""Blender files that a manifest names: what a stranger put into them does not run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from manifests import schema
from worker.blender import Blender, build_command

from .rendering import manifest

SCRIPT = Path(__file__).with_name("trapped_file.py")


def test_scripts_and_drivers_of_a_stranger_do_not_run(blender: str, tmp_path: Path) -> None:
    glow = {"id": "glow", "target": "lights[0].radiance", "distribution": {"kind": "uniform", "low": 1, "high": 2}}
    what = manifest(lights=[{"kind": "world", "radiance": 1}], parameters=[glow], repeats=2)
    task = tmp_path / "task.json"
    task.write_text(json.dumps({"folder": str(tmp_path), "manifest": json.dumps(schema.to_dict(what))}))
    kind = "module" if Path(blender).name.startswith("python") else "binary"
    done = subprocess.run(
        build_command(Blender(kind, blender, "test"), SCRIPT, task), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"farm"')))
    assert told["farm"] == []
    assert "script" in told["fool"] and "driver" in told["fool"], "the traps work"
