"""Planned views against a hemisphere (or sphere) of the same count: what `defectory plan` says of both.

    python benchmarks/bench_plan.py                        the block and the flange of the examples
    python benchmarks/bench_plan.py part.step other.stl    other parts

One line for each part, seen from everywhere and from above: count of the views, share of the reachable surface and
uncovered area of the plan and of evenly spaced views at the distance that fits the part.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from worker.commands.planning import judge

PARTS = Path(__file__).resolve().parents[1] / "manifests" / "examples" / "parts"


def main(*files: str) -> None:
    for file in map(Path, files or (PARTS / "block.step", PARTS / "flange.step")):
        for lowest_deg in (-90.0, 0.0):
            print(json.dumps(compare(file, lowest_deg)), flush=True)


def compare(part: Path, lowest_deg: float) -> dict[str, object]:
    """Both plans of a part, judged by the same limits."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "manifest.json"
        shutil.copy(part, folder)
        data = {"name": "plan", "part": {"file": part.name}, "camera": {"f_number": 0}}
        file.write_text(json.dumps(data))
        planned = judge(file, plan=True, lowest_deg=lowest_deg).coverage
        file.write_text(
            json.dumps(data | {"views": {"kind": "hemisphere", "count": planned.views, "low_deg": lowest_deg}})
        )
        even = judge(file, lowest_deg=lowest_deg).coverage
    return {
        "part": part.name,
        "from": "everywhere" if lowest_deg < 0 else "above",
        "views": planned.views,
        "planned": round(planned.share, 4),
        "planned_uncovered_mm2": float(f"{planned.uncovered_mm2:.4g}"),
        "hemisphere": round(even.share, 4),
        "hemisphere_uncovered_mm2": float(f"{even.uncovered_mm2:.4g}"),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
