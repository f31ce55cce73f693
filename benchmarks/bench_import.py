"""Time and memory of importing a very large STL, against the bare simplification library on the same triangles.

    python benchmarks/bench_import.py                 36,176,018 faces to 74,083: minutes, 6 GB of disk, 16 GB of memory
    python benchmarks/bench_import.py --faces 2000000
    python benchmarks/bench_import.py --keep FOLDER   leaves the made files there for the next run

The part is a torus with waves, made the same on every run. Each contender runs in a fresh process. The bare library
gets finished arrays, in memory already; ours starts from the file and repairs, decimates, measures and hashes as well.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FACES = 36_176_018
BUDGET = 74_083
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])

_BARE = """
import json, sys, time
import numpy as np
import fast_simplification
points, triangles = np.load(sys.argv[1] + "/points.npy"), np.load(sys.argv[1] + "/triangles.npy")
start = time.perf_counter()
_, small = fast_simplification.simplify(points, triangles, target_count=int(sys.argv[2]))
print(json.dumps({"seconds": time.perf_counter() - start, "faces": len(small)}))
"""

_OURS_ARRAYS = """
import json, sys, time
import numpy as np
from blender_addon.geometry.preparation.decimate import decimate
from blender_addon.geometry.mesh import Mesh
points, triangles = np.load(sys.argv[1] + "/points.npy"), np.load(sys.argv[1] + "/triangles.npy")
mesh = Mesh(points, triangles, ("part",), np.zeros(len(triangles), dtype=np.int32))
start = time.perf_counter()
small = decimate(mesh, int(sys.argv[2]))
print(json.dumps({"seconds": time.perf_counter() - start, "faces": small.face_count}))
"""

_OURS_FILE = """
import json, sys, time
from blender_addon.geometry.preparation.prepare import prepare_part
start = time.perf_counter()
mesh, report = prepare_part(sys.argv[1] + "/part.stl", face_budget=int(sys.argv[2]))
result = {"seconds": time.perf_counter() - start, "faces": mesh.face_count, "deviation_max_mm": report.deviation_max_mm}
print(json.dumps({**result, "deviation_points": report.deviation_points, "warnings": report.warnings}))
"""


def make_part(folder: Path, faces: int) -> int:
    """Write part.stl, points.npy and triangles.npy into ``folder``; returns their faces, 2 n^2 near ``faces``."""
    n = max(8, math.isqrt(faces // 2))
    made = folder / f"made-{n}"
    if made.exists():
        return 2 * n * n
    folder.mkdir(parents=True, exist_ok=True)
    points = np.empty((n, n, 3), dtype=np.float32)
    angle = np.arange(n) * (2.0 * np.pi / n)
    for i, u in enumerate(angle):
        tube = 10.0 + 0.3 * np.sin(9.0 * u) * np.cos(7.0 * angle) + 0.05 * np.sin(60.0 * u) * np.sin(40.0 * angle)
        ring = 30.0 + tube * np.cos(angle)
        points[i] = np.stack([ring * np.cos(u), ring * np.sin(u), tube * np.sin(angle)], axis=1)
    points = points.reshape(-1, 3)
    np.save(folder / "points.npy", points.astype(np.float64))
    triangles = np.empty((n, 2 * n, 3), dtype=np.int32)
    here = np.arange(n, dtype=np.int32)
    there = np.roll(here, -1)
    with (folder / "part.stl").open("wb") as file:
        file.write(b"torus with waves".ljust(80) + (2 * n * n).to_bytes(4, "little"))
        for i in range(n):
            a, b = i * n, (i + 1) % n * n
            triangles[i, 0::2] = np.stack([a + here, b + here, b + there], axis=1)
            triangles[i, 1::2] = np.stack([a + here, b + there, a + there], axis=1)
            records = np.zeros(2 * n, dtype=_RECORD)
            records["corners"] = points[triangles[i]]
            file.write(records.tobytes())
    np.save(folder / "triangles.npy", triangles.reshape(-1, 3))
    made.touch()
    return 2 * n * n


def run(code: str, folder: Path, budget: int) -> dict[str, object]:
    """Run one contender in a process of its own; adds the peak memory of it and all its children, in GB."""
    command = [sys.executable, "-c", code, str(folder), str(budget)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    peak = {"rss_gb": 0.0, "own_gb": 0.0}

    def watch() -> None:
        while process.poll() is None:
            rss, own = _memory_of_tree(process.pid)
            peak["rss_gb"], peak["own_gb"] = max(peak["rss_gb"], rss), max(peak["own_gb"], own)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"a contender failed with status {process.returncode}")
    return {**json.loads(output.splitlines()[-1]), **{key: round(value, 2) for key, value in peak.items()}}


def _memory_of_tree(root: int) -> tuple[float, float]:
    """Memory of a process and its descendants in GB: all resident, and without pages of mapped files."""
    parents, memory = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue  # it ended meanwhile
        pid = int(status.parent.name)
        parents[pid] = int(fields["PPid"])
        memory[pid] = [int(fields.get(key, "0 kB").split()[0]) / 1e6 for key in ("VmRSS", "RssAnon")]
    family = {root}
    for pid in sorted(parents):
        if parents[pid] in family:
            family.add(pid)
    return sum(memory[p][0] for p in family if p in memory), sum(memory[p][1] for p in family if p in memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=FACES, help=f"triangles of the made part (default {FACES:,})")
    parser.add_argument("--budget", type=int, default=BUDGET, help=f"triangles to keep (default {BUDGET:,})")
    parser.add_argument("--keep", type=Path, help="folder for the made files, left there")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="defectory-bench-") as temporary:
        folder = arguments.keep or Path(temporary)
        faces = make_part(folder, arguments.faces)
        print(f"{faces:,} faces to {arguments.budget:,}", flush=True)
        results = {}
        for name, code in (("bare library", _BARE), ("our decimation", _OURS_ARRAYS), ("our whole import", _OURS_FILE)):
            results[name] = run(code, folder, arguments.budget)
            r, bare = results[name], results["bare library"]
            ratio = r["ratio"] = round(float(str(r["seconds"])) / float(str(bare["seconds"])), 3)
            print(
                f"{name:18} {r['seconds']:8.1f} s  x{ratio:<6} {r['rss_gb']:6.2f} GB resident"
                f"  {r['own_gb']:6.2f} GB without mapped files  {r['faces']:,} faces",
                flush=True,
            )
    text = json.dumps({"faces": faces, "budget": arguments.budget, "results": results})
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
