"""Whether the memory of every process stays flat: 2,000 tiny frames on a real farm, resident memory sampled all along.

    python benchmarks/bench_memory.py
    python benchmarks/bench_memory.py --frames 400 --drawn 2000

Two runs. ``rendered``: one shard of painted blocks with dents, fingerprints, stickers, water stains and a twin, a new
instance every second frame, so that Blender builds meshes, drivers and materials anew a thousand times; one work-horse
and its supervisor see all of it. A Blender that grows is replaced between two frames; how many there were is told, and
where it was one, nothing was replaced. ``drawn``: chess boards in shards of four, which need no Blender, so that one
worker, the command and Redis see many shards.

The slope is that of a straight line through the medians of ten spans after the first fifth of the frames, in MB for
1,000 frames: a Blender takes much for a moment while it builds an instance.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import psutil

from manifests import schema
from manifests.files import read_manifest, write_yaml
from manifests.layout import DataSet

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "manifests" / "examples"
_WARM_UP = 0.2
_SPANS = 10
_LOOK_S = 0.5

Samples = dict[str, list[tuple[int, float]]]
"""Frames done and MB, by what a process is."""


def rendered(frames: int) -> schema.Manifest:
    """Painted blocks with whatever comes and goes with an instance, in images of 48 x 48 pixels."""
    block = schema.to_dict(read_manifest(EXAMPLES / "painted_block.yaml"))
    impurities = [{"kind": "fingerprint"}, {"kind": "sticker"}, {"kind": "water_stain"}]
    return schema.from_dict(
        block
        | {
            "name": "memory",
            "instances": -(-frames // 2),
            "camera": block["camera"] | {"image_px": [48, 48]},
            "impurities": impurities,
            "twin": {"without": ["water_stain"]},
            "render": {"samples": 1, "bounces": 1},
        }
    )


def drawn(frames: int) -> schema.Manifest:
    """Chess boards."""
    chess = read_manifest(EXAMPLES / "chess.yaml")
    assert chess.frame_count % chess.instances == 0
    return dataclasses.replace(chess, instances=-(-frames // (chess.frame_count // chess.instances)))


def watch(folder: Path, manifest: schema.Manifest, frames: int, shard_frames: int) -> tuple[Samples, int]:
    """Render, and note the memory of each process; the samples, and how many Blenders there were."""
    shutil.copytree(EXAMPLES / "parts", folder / "parts")
    file, out = folder / f"{manifest.name}.yaml", folder / "set"
    file.write_text(write_yaml(manifest))
    words = ["render", file, "--out", out, "--device", "cpu", "--frames", f"0:{frames}", "--shard-frames", shard_frames]
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    samples: Samples = defaultdict(list)
    seen: dict[str, set[int]] = defaultdict(set)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "worker.cli", *map(str, words)]
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stdout=log, stderr=log)
        while process.poll() is None:
            done = len(DataSet(out).complete_frames())
            for kind, pid, megabytes in memory(process.pid):
                samples[kind].append((done, megabytes))
                seen[kind].add(pid)
            time.sleep(_LOOK_S)
    if process.returncode:
        raise SystemExit((folder / "log").read_text())
    return samples, len(seen["Blender"])


def memory(command: int) -> list[tuple[str, int, float]]:
    """Kind, process id and resident MB of the command and of all that it started."""
    found = []
    try:
        processes = [psutil.Process(command), *psutil.Process(command).children(recursive=True)]
    except psutil.Error:
        return []
    for process in processes:
        try:
            line = " ".join(process.cmdline())
            kind = "command"
            if "redis-server" in line:
                kind = "Redis"
            elif "headless.py" in line:
                kind = "Blender"
            elif "rq.cli" in line:
                # A work-horse is a fork of its worker.
                kind = "worker" if process.ppid() == command else "work-horse"
            found.append((kind, process.pid, process.memory_info().rss / 2**20))
        except psutil.Error:
            continue
    return found


def slope(samples: list[tuple[int, float]], frames: int) -> dict[str, float]:
    """MB after the warm-up and in the end, and MB gained for 1,000 frames."""
    edges = np.linspace(_WARM_UP * frames, frames, _SPANS + 1)
    done, megabytes = np.array(samples).T
    spans = [megabytes[(low <= done) & (done < high)] for low, high in pairwise(edges)]
    known = [(middle, float(np.median(span))) for middle, span in zip((edges[1:] + edges[:-1]) / 2, spans) if len(span)]
    if len(known) < 2:
        return {}
    per_frame = float(np.polyfit(*np.array(known).T, 1)[0])
    first, last = known[0][1], known[-1][1]
    return {"mb_first": round(first, 1), "mb_last": round(last, 1), "mb_per_1000_frames": round(1000 * per_frame, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000, help="rendered, in one shard; 0: none")
    parser.add_argument("--drawn", type=int, default=2000, help="drawn, in shards of four; 0: none")
    given = parser.parse_args()
    for name, make, frames, shard_frames in (
        ("rendered", rendered, given.frames, given.frames),
        ("drawn", drawn, given.drawn, 4),
    ):
        if not frames:
            continue
        with tempfile.TemporaryDirectory(prefix="defectory-bench-") as folder:
            samples, blenders = watch(Path(folder), make(frames), frames, shard_frames)
        for kind, each in samples.items():
            if found := slope(each, frames):
                print(json.dumps({"run": name, "frames": frames, "process": kind} | found), flush=True)
        if blenders:
            print(json.dumps({"run": name, "blenders": blenders}), flush=True)


if __name__ == "__main__":
    main()
