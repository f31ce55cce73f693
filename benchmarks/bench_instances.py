"""Time to build an instance, and growth of the mesh: 20 defects of each kind on a plate of 70,000 faces, on one core.

    python benchmarks/bench_instances.py

The plate is 100 x 100 x 5 mm. Sizes are S2's for dents (0.2 to 2 mm) and scratches (0.05 to 0.3 mm wide), else the
schema's own. The aim is under 2 s of processor time and under 50 % growth for every kind.
"""

from __future__ import annotations

import json
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from blender_addon.geometry.defects.instances import MAKERS, build_instance
from blender_addon.geometry.defects.placement import Ground
from blender_addon.geometry.mesh import Mesh
from manifests import schema

PLATE_MM = (100.0, 100.0, 5.0)
FACES = 70_000
COUNT = 20
SIZES = {
    "dent": {
        "diameter_mm": {"kind": "uniform", "low": 0.2, "high": 2.0},
        "depth_mm": {"kind": "uniform", "low": 0.02, "high": 0.2},
    },
    "scratch": {
        "width_mm": {"kind": "uniform", "low": 0.05, "high": 0.3},
        "length_mm": {"kind": "uniform", "low": 2.0, "high": 12.0},
    },
}


def plate(faces: int = FACES, size_mm: tuple[float, float, float] = PLATE_MM) -> Mesh:
    """A closed plate of about that many faces, nearly all of them evenly on its top and bottom."""
    n = round((faces / 4) ** 0.5)
    grid = np.linspace(-0.5, 0.5, n + 1)
    x, y = (a.ravel() for a in np.meshgrid(grid * size_mm[0], grid * size_mm[1], indexing="ij"))
    top = np.column_stack([x, y, np.full(len(x), size_mm[2] / 2)])
    corner = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    a, b, c, d = corner, corner + n + 1, corner + n + 2, corner + 1
    upper = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    line = np.arange(n + 1)
    rim = np.concatenate([line * (n + 1), n * (n + 1) + line[1:], (line * (n + 1) + n)[::-1][1:], line[::-1][1:]])
    inner, outer = rim[:-1], rim[1:]
    off = len(x)
    walls = np.concatenate(
        [np.column_stack([inner, inner + off, outer]), np.column_stack([outer, inner + off, outer + off])]
    )
    triangles = np.concatenate([upper, upper[:, ::-1] + off, walls]).astype(np.int32)
    vertices = np.concatenate([top, top * [1, 1, -1]])
    return Mesh(vertices, triangles, ("plate",), np.zeros(len(triangles), dtype=np.int32))


def measure(mesh: Mesh, kind: str) -> dict[str, float]:
    """Processor seconds, growth in per cent and defects of an instance; the ground is there, as in a scene."""
    entry = {"kind": kind, "count": COUNT, "angle_deg": {"kind": "uniform", "low": 0, "high": 180}} | SIZES.get(
        kind, {}
    )
    if kind in ("chip", "pore"):
        del entry["angle_deg"]
    what = schema.from_dict({"name": "bench", "part": {"file": "plate.stl"}, "defects": [entry]})
    ground = Ground(mesh.vertices_mm, mesh.triangles)
    eyes_mm = np.array([[0.0, 0.0, 300.0]])
    start = time.process_time()
    made = build_instance(what, ground, mesh, eyes_mm, 0)
    seconds = time.process_time() - start
    growth = 100.0 * (len(made.triangles) / mesh.face_count - 1)
    return {"seconds": round(seconds, 3), "growth_percent": round(growth, 1), "defects": len(made.defects)}


def main() -> None:
    mesh = plate()
    print(f"{mesh.face_count:,} faces, {COUNT} defects", flush=True)
    results = {}
    for kind in MAKERS:
        results[kind] = measure(mesh, kind)
        print(f"{kind:10} {results[kind]}", flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
