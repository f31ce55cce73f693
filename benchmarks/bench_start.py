"""What the start of a shard costs over bare Blender: seconds from the start of the process to its first sample.

    python benchmarks/bench_start.py                      the painted block, five starts of each
    python benchmarks/bench_start.py --example clutch     dents and scratches are cut into 70,000 faces first

Bare: a process that imports bpy and renders Blender's own cube. Ours: the script of the farm on a shard, reading the
prepared part, building scene and instance. Both render one sample of 16 x 16 pixels into a file, so that nothing but
the start is left; they alternate, and the medians are compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_pair import cpu_seconds, staged

from manifests.files import read_manifest
from manifests.layout import DataSet
from manifests.schema import to_dict
from worker import parts
from worker.blender import MARK, Blender, build_command, headless_script

ROOT = Path(__file__).resolve().parents[1]
BARE = """
import os, bpy
scene = bpy.context.scene
scene.render.engine, scene.cycles.samples = "CYCLES", 1
scene.render.resolution_x = scene.render.resolution_y = 16
scene.render.threads_mode, scene.render.threads = "FIXED", 1
scene.render.filepath = {path!r}
bpy.ops.render.render(write_still=True)
os._exit(0)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--example", default="painted_block")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    example = ROOT / "manifests" / "examples" / f"{given.example}.yaml"
    manifest = read_manifest(example)
    camera = dataclasses.replace(manifest.camera, image_px=(16, 16), region_px=None)
    manifest = dataclasses.replace(
        manifest, camera=camera, twin=None, render=dataclasses.replace(manifest.render, samples=1)
    )
    found: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        data_set = DataSet(folder / "data")
        parts.prepare(manifest, staged(manifest, example, folder), data_set).save(data_set)
        shard = {
            "manifest": to_dict(manifest),
            "frames": [manifest.frame_count - 1],  # of an instance with defects, where some have none
            "part": str(parts.prepared_file(data_set)),
            "assets": str(example.parent),
            "folder": scratch,
            "device": "cpu",
            "threads": 1,
        }
        file = folder / "shard.json"
        file.write_text(json.dumps(shard))
        blender = Blender("module", sys.executable, "this Python")
        for _ in range(given.rounds + 1):
            found["bare"].append(taken([sys.executable, "-c", BARE.format(path=str(folder / "bare.png"))], b""))
            found["ours"].append(taken(build_command(blender, headless_script(), file), MARK + b'{"event": "frame"'))
    # The first of each reads everything from the disk.
    wall, cpu = ({n: statistics.median(t[k] for t in all_[1:]) for n, all_ in found.items()} for k in (0, 1))
    print(
        json.dumps(
            {
                "example": given.example,
                "bare_s": round(wall["bare"], 3),
                "ours_s": round(wall["ours"], 3),
                "over_bare_s": round(wall["ours"] - wall["bare"], 3),
                "cpu_over_bare_s": round(cpu["ours"] - cpu["bare"], 3),
            }
        )
    )


def taken(command: list[str], last: bytes) -> tuple[float, float]:
    """Wall seconds until a process says its ``last`` line, or ends, and its processor seconds."""
    before, start = cpu_seconds(), time.perf_counter()
    # The script of the farm ends when its standard input does.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        seconds = None
        for line in process.stdout:
            if last and line.startswith(last):
                seconds = time.perf_counter() - start
        seconds = seconds or time.perf_counter() - start
    assert process.returncode == 0, command
    return seconds, cpu_seconds() - before


if __name__ == "__main__":
    main()
