"""How fast a manifest's values are drawn, and looked up by a driver.

python benchmarks/bench_sampling.py               a million frames, 40 parameters
"""

from __future__ import annotations

import json
import resource
import time
import timeit

from manifests import schema, viewpoints
from manifests.sampling import Table

FRAMES, PARAMETERS = 1_000_000, 40
KINDS = [
    {"kind": "uniform", "low": 0.1, "high": 0.9},
    {"kind": "normal", "mean": 0.5, "deviation": 0.1, "low": 0.1, "high": 0.9},
    {"kind": "log_uniform", "low": 0.1, "high": 0.9},
    {"kind": "choice", "options": [0.1, 0.2, 0.3], "weights": [1, 2, 3]},
    {"kind": "grid", "low": 0.1, "high": 0.9, "steps": 7},
    {"kind": "low_discrepancy", "low": 0.1, "high": 0.9, "dimension": 3},
]


def main() -> None:
    lights = [{"kind": "diffuser", "name": f"light{k}"} for k in range(PARAMETERS)]
    parameters = [
        {"id": f"p{k}", "target": f"lights[{k}].radiance", "distribution": KINDS[k % len(KINDS)]}
        for k in range(PARAMETERS)
    ]
    manifest = schema.from_dict(
        {"name": "bench", "part": {"file": "x"}, "instances": FRAMES, "lights": lights, "parameters": parameters}
    )
    bounds = viewpoints.Bounds((0.0, 0.0, 0.0), 10.0)
    table = Table(manifest, viewpoints.plan(manifest.views, manifest.camera, bounds))
    start = time.perf_counter()
    columns = [table.column(f"p{k}", 0, FRAMES) for k in range(PARAMETERS)]
    seconds = time.perf_counter() - start
    assert all(len(column) == FRAMES for column in columns)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    table.value("p1", 123_456)
    look_up = min(timeit.repeat(lambda: table.value("p1", 123_456), number=100_000, repeat=5)) / 100_000
    print(
        json.dumps(
            {
                "frames": FRAMES,
                "parameters": PARAMETERS,
                "expand_s": round(seconds, 2),
                "peak_gb": round(peak_gb, 2),
                "look_up_us": round(look_up * 1e6, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
