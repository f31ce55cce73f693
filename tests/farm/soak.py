"""The soak: a run over many pairs that random faults disturb, against the same run left in peace.

``make soak``, or ``python -m tests.farm.soak --pairs 300 --faults 200``. In the end every pair passes ``verify`` and
its pictures are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .conftest import Command, pictures, write_manifest
from .faulty_blender import DAMAGE, DEADLY, faulty_blender, plant

_VIEWS = 6
_DEAR = {"hang": 0.02, "grow": 0.02}  # shares of faults that take long to be noticed
_TRIES_SPARED = 2  # of three: no frame is to be quarantined here
_COMMAND_KILLS = 0.03  # share of faults that hit the command itself


@dataclass
class Soak:
    """What a soak came to.

    Attributes:
        pairs: frames of the manifest.
        faults: that happened, by kind.
        runs: times that the same command was given.
        problems: what is wrong in the end; empty where all is well.
        seconds: of the undisturbed run and of the disturbed one.
    """

    pairs: int
    faults: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: tuple[float, float] = (0.0, 0.0)

    def text(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items()))
        quiet, disturbed = self.seconds
        lines = [
            f"{self.pairs} pairs, {sum(self.faults.values())} faults in {self.runs} runs: {kinds}",
            f"undisturbed {quiet:.0f} s, disturbed {disturbed:.0f} s",
            *self.problems,
            "every pair is whole and the same as without faults" if not self.problems else "NOT WELL",
        ]
        return "\n".join(lines)


def soak(folder: Path, pairs: int, faults: int, seed: int, workers: int = 2) -> Soak:
    """Run a manifest of tiny frames twice, once with faults; at most twice as many faults as pairs."""
    chance = random.Random(seed)
    manifest = write_manifest(
        folder,
        "soak",
        views={"kind": "ring", "count": _VIEWS, "elevation_deg": 20},
        instances=-(-pairs // _VIEWS),
        render={"samples": 1},
    )
    words = ("--device", "cpu", "--workers", workers, "--shard-frames", 12)
    found = Soak(_VIEWS * -(-pairs // _VIEWS))
    began = time.monotonic()
    quiet = _run(Command(), "render", manifest, "--out", folder / "quiet", *words)
    if quiet.returncode:
        raise RuntimeError(quiet.stderr)
    disturbed = time.monotonic()

    program = faulty_blender(folder / "blender")
    to_kill = _plant(program, found, faults, chance)
    changes = {"DEFECTORY_BLENDER": str(program), "DEFECTORY_FRAME_SECONDS": "30", "DEFECTORY_MEMORY_GB": "1.5"}
    command = Command(changes=changes)
    out = folder / "disturbed"
    while found.runs < 20 + faults:
        found.runs += 1
        if to_kill:
            number = to_kill.pop()
            _kill_somewhen(command.start("render", manifest, "--out", out, *words), number, chance)
            found.faults[f"{number.name} of the command"] += 1
            continue
        done = _run(command, "render", manifest, "--out", out, *words)
        if done.returncode == 0:
            break
        print(done.stderr.strip(), flush=True)
    found.seconds = (disturbed - began, time.monotonic() - disturbed)
    _examine(found, command, folder / "quiet", out, program)
    return found


def _plant(program: Path, found: Soak, faults: int, chance: random.Random) -> list[signal.Signals]:
    kinds = sorted(DEADLY | DAMAGE)
    weights = [_DEAR.get(kind, 1.0 / len(kinds)) for kind in kinds]
    to_kill = [chance.choice([signal.SIGKILL, signal.SIGTERM]) for _ in range(round(_COMMAND_KILLS * faults))]
    room = [frame for frame in range(found.pairs) for _ in range(_TRIES_SPARED)]
    planted: dict[int, list[str]] = {}
    for frame in chance.sample(room, min(len(room), faults - len(to_kill))):
        planted.setdefault(frame, []).append(chance.choices(kinds, weights)[0])
    for frame, each in planted.items():
        plant(program, frame, *each)
        found.faults.update(each)
    return to_kill


def _run(command: Command, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command.arguments(*words), env=command.environment(), capture_output=True, text=True, check=False
    )


def _kill_somewhen(process: subprocess.Popen[bytes], number: signal.Signals, chance: random.Random) -> None:
    try:
        process.wait(timeout=chance.uniform(2, 20))
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        process.wait()


def _examine(found: Soak, command: Command, quiet: Path, out: Path, program: Path) -> None:
    said = _run(command, "verify", out).stdout.strip()
    if said != f"{found.pairs} pairs verified, 0 damaged":
        found.problems.append(f"verify: {said}")
    if pictures(quiet) != pictures(out):
        found.problems.append("pictures differ from those of the undisturbed run")
    index = [json.loads(line)["frame"] for line in (out / "index.jsonl").read_text().splitlines()]
    if index != list(range(found.pairs)):
        found.problems.append("the index does not tell of each pair once")
    # A frame may get its pair just before it is killed, and then is not tried again.
    for path in (program.parent / "faults").iterdir():
        found.faults[path.suffix[1:]] -= 1
    if left := [path.name for path in out.glob("failures/[0-9]*")]:
        found.problems.append(f"failures of frames that have their pair: {left[:5]}")
    if processes := command.processes():
        found.problems.append(f"processes are left: {processes}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        found = soak(Path(folder), arguments.pairs, arguments.faults, arguments.seed)
    print(found.text())
    sys.exit(bool(found.problems))


if __name__ == "__main__":
    main()
