"""What impurities cost: processor time of a frame with each kind over that of one without any.

    PYTHONPATH=. python benchmarks/bench_impurities.py

Brushed metal, 96 x 96 pixels, 32 samples, one thread. The start is taken off: ten frames less two.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.blender.rendering import manifest, render

ENTRIES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "dust": [{"kind": "dust"}],
    "water_stain": [{"kind": "water_stain"}],
    "fingerprint": [{"kind": "fingerprint"}],
    "4 fingerprints": [{"kind": "fingerprint", "count": 4, "width_mm": 8, "length_mm": 10}],
    "sticker": [{"kind": "sticker"}],
}


def frame_seconds(folder: Path, impurities: list[dict[str, Any]]) -> float:
    what = manifest(
        impurities=impurities,
        surface={"kind": "brushed"},
        camera={"image_px": [96, 96]},
        render={"samples": 32, "bounces": 2},
        repeats=10,
    )
    spent = []
    for count in (2, 10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        render(folder, sys.executable, what, list(range(count)))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return (spent[1] - spent[0]) / 8


def main() -> None:
    alone = 0.0
    for name, entries in ENTRIES.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = frame_seconds(Path(folder), entries)
        alone = alone or seconds
        print(f"{name:15} {seconds:6.2f} s  x {seconds / alone:.2f}", flush=True)


if __name__ == "__main__":
    main()
