"""What it takes to enable the extension in a fresh Blender: the built zip, installed into a user folder of its own.

    python benchmarks/bench_enabling.py

Processor time of enabling alone, without the start of Blender. The second time Blender unpacks the wheels anew, which
takes longer than all the rest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blender_addon.build import build, this_platform

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "tests" / "extension" / "inside" / "run.py"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        archive = build(home / "dist", [this_platform()])
        run(home, "installing.install", archive)
        facts = run(home, "installing.enabling", ROOT / "manifests" / "examples" / "painted_block.yaml")
    print(json.dumps({key: round(facts[key], 3) for key in ("first_seconds", "second_seconds")}, indent=1))


def run(home: Path, task: str, argument: Path) -> dict[str, float]:
    """The answer of a task that runs in a Blender with settings of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BLENDER"))}
    environment["BLENDER_USER_RESOURCES"] = str(home)
    command = [sys.executable, str(SCRIPT), "--", str(home / "answer.json"), task, str(argument)]
    subprocess.run(command, env=environment, cwd=home, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    answer: dict[str, float] = json.loads((home / "answer.json").read_text())
    return answer


if __name__ == "__main__":
    main()
