"""The soak: a farm that renders many pairs while random faults strike, against the same run left in peace.

``make soak``, or ``python -m tests.farm.soak --pairs 300 --faults 200``. In the end every pair passes ``verify``, its
pictures are the same, byte for byte, as without faults, and no pair that was there has been touched.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .conftest import Command, pictures, write_manifest
from .disks import small_disk
from .farm_faults import FARM_FAULTS, Ground
from .farms import Farm, pairs
from .faulty_blender import DAMAGE, DEADLY, faulty_blender, plant

_VIEWS = 6
_SHARD_FRAMES = 12
_DEAR = {"hang": 0.02, "grow": 0.02}  # shares of faults that take long to be noticed
_TRIES_SPARED = 2  # of three: no frame is to be quarantined here
_OF_THE_FARM = 0.12  # share of faults that befall Redis, workers, disk or command
_DISK_MB = 96
_PATIENCE_S = 900.0
_LIMITS = {"DEFECTORY_FRAME_SECONDS": "90", "DEFECTORY_MEMORY_GB": "1.5"}


@dataclass
class Soak:
    """What a soak came to.

    Attributes:
        pairs: frames of the manifest.
        faults: that happened, by kind.
        handed_over: times that the data set was handed over because nothing of it was left in the queue.
        unparked: times that the machine was let go on, all workers having parked.
        problems: what is wrong in the end; empty where all is well.
        seconds: of the undisturbed run and of the disturbed one.
    """

    pairs: int
    faults: Counter[str] = field(default_factory=Counter)
    handed_over: int = 0
    unparked: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: tuple[float, float] = (0.0, 0.0)

    def text(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items()) if count)
        quiet, disturbed = self.seconds
        lines = [
            f"{self.pairs} pairs, {sum(self.faults.values())} faults: {kinds}",
            f"handed over again {self.handed_over} times, machine let go on {self.unparked} times",
            f"undisturbed {quiet:.0f} s, disturbed {disturbed:.0f} s",
            *self.problems,
            "every pair is whole and the same as without faults" if not self.problems else "NOT WELL",
        ]
        return "\n".join(lines)


def soak(folder: Path, frames: int, faults: int, seed: int, workers: int = 2) -> Soak:
    """Render a manifest of tiny frames twice, once with faults; at most twice as many faults as frames."""
    chance = random.Random(seed)
    manifest = write_manifest(
        folder,
        "soak",
        views={"kind": "ring", "count": _VIEWS, "elevation_deg": 20},
        instances=-(-frames // _VIEWS),
        render={"samples": 1},
    )
    found = Soak(_VIEWS * -(-frames // _VIEWS))
    began = time.monotonic()
    words = ("--device", "cpu", "--shard-frames", _SHARD_FRAMES)
    said = folder / "quiet.log"
    with said.open("wb") as log:
        quiet = Command().start(
            "render", manifest, "--out", folder / "quiet", "--workers", workers, *words, stdout=log, stderr=log
        )
    if quiet.wait():
        raise RuntimeError(said.read_text())
    disturbed = time.monotonic()

    program = faulty_blender(folder / "blender")
    with _farm(folder / "f") as farm, small_disk(folder / "disk", _DISK_MB) as mounted:
        ground = Ground(farm, manifest, folder / "disk" / "set", chance, {"DEFECTORY_BLENDER": str(program)} | _LIMITS)
        ground.handing = words
        strikes = _plan(
            program, found, faults, chance, [kind for kind in FARM_FAULTS if mounted or kind != "disk full"]
        )
        ground.command("submit", manifest, "--out", ground.out, *words).wait(timeout=_PATIENCE_S)
        for _ in range(workers):
            ground.start_worker()
        _render(ground, found, strikes)
        found.seconds = (disturbed - began, time.monotonic() - disturbed)
        _examine(ground, found, folder / "quiet", program)
    return found


def _plan(program: Path, found: Soak, faults: int, chance: random.Random, kinds: list[str]) -> list[tuple[int, str]]:
    """Plant faults in frames; the others, each with the number of pairs at which it strikes, the last one first."""
    of_the_farm = max(1, round(_OF_THE_FARM * faults))
    # Each kind once before any comes twice.
    several = [kind for _ in range(-(-of_the_farm // len(kinds))) for kind in chance.sample(kinds, len(kinds))]
    moments = sorted((chance.randrange(found.pairs) for _ in range(of_the_farm)), reverse=True)
    of_frames = sorted(DEADLY | DAMAGE)
    weights = [_DEAR.get(kind, 1.0 / len(of_frames)) for kind in of_frames]
    room = [frame for frame in range(found.pairs) for _ in range(_TRIES_SPARED)]
    planted: dict[int, list[str]] = {}
    for frame in chance.sample(room, min(len(room), faults - of_the_farm)):
        planted.setdefault(frame, []).append(chance.choices(of_frames, weights)[0])
    for frame, each in planted.items():
        plant(program, frame, *each)
        found.faults.update(each)
    return list(zip(moments, several))


def _render(ground: Ground, found: Soak, strikes: list[tuple[int, str]]) -> None:
    """Until every pair is there and the report is written, do what people and service managers do."""
    quiet_since = time.monotonic()
    there = -1
    committed: dict[Path, int] = {}
    while strikes or there < found.pairs or not (ground.out / "report.html").exists():
        time.sleep(0.2)
        if pairs(ground.out) != there:
            there, quiet_since = pairs(ground.out), time.monotonic()
        if time.monotonic() > quiet_since + _PATIENCE_S:
            found.problems.append(f"nothing has happened for {_PATIENCE_S:.0f} s")
            return
        ground.replace_dead()
        if strikes and there >= strikes[-1][0]:
            committed |= _inodes(ground.out)
            kind = strikes.pop()[1]
            FARM_FAULTS[kind](ground)
            found.faults[kind] += 1
        if there < found.pairs and ground.is_idle():
            ground.resume()
            found.handed_over += 1
        if ground.all_parked():
            ground.farm.command("drain", os.uname().nodename, "--undo")
            found.unparked += 1
    now = _inodes(ground.out)
    if touched := [path.name for path, inode in committed.items() if now.get(path) != inode]:
        found.problems.append(f"pairs that were there have been touched: {touched[:5]}")


def _inodes(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in out.glob("pairs/*/*/*")}


def _examine(ground: Ground, found: Soak, quiet: Path, program: Path) -> None:
    out = ground.out
    said = ground.farm.command("verify", out).strip()
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
    for node in ground.farm.nodes:
        node.process.terminate()
    for node in ground.farm.nodes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            node.process.wait(timeout=60)
        if children := node.children():
            found.problems.append(f"processes are left: {children}")


@contextlib.contextmanager
def _farm(folder: Path) -> Iterator[Farm]:
    folder.mkdir()
    farm = Farm(folder, appending=True)
    farm.start_redis()
    try:
        yield farm
    finally:
        farm.end()


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
