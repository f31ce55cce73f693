"""What a pair of each example costs: ``defectory render`` over bare renders of the same frames, processor time.

    python benchmarks/bench_examples.py                    every example, two frames in images 160 pixels wide
    python benchmarks/bench_examples.py --width 640 clutch plates

``cpu_over_bare`` is the processor time of the whole command, start of Blender, import of the part and report included,
over that of a process that builds the same scene and renders it bare; on two frames the starts weigh far more than on a
whole data set. A pattern has no bare render: ``cpu_s`` alone tells what it costs. Both are ratios or processor time, so
that a machine which others use too gives the same.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

from bench_pair import ROOT, bare_renders, cpu_seconds, ours, staged

from manifests.files import read_manifest

EXAMPLES = {path.stem: path for path in sorted((ROOT / "manifests" / "examples").glob("*.yaml"))}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", help="of examples; none: all")
    options.add_argument("--width", type=int, default=160)
    options.add_argument("--frames", type=int, default=2)
    given = options.parse_args()
    for name in given.names or EXAMPLES:
        print(json.dumps({"example": name} | cost(name, given.width, given.frames)), flush=True)


def cost(name: str, width: int, frames: int) -> dict[str, float | int]:
    """Processor seconds of a pair and of them over bare renders, where there is something to render."""
    manifest = read_manifest(EXAMPLES[name])
    if manifest.part is not None:
        image_px = manifest.camera.image_px
        camera = dataclasses.replace(manifest.camera, image_px=(width, round(width * image_px[1] / image_px[0])))
        manifest = dataclasses.replace(manifest, camera=camera)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = staged(manifest, EXAMPLES[name], folder)
        before = cpu_seconds()
        ours(file, folder / "ours", frames, 1)
        used = cpu_seconds() - before
        found: dict[str, float | int] = {"cpu_s": round(used / frames, 2)}
        for prepared in (folder / "ours" / "part").glob("*.npz"):
            before = cpu_seconds()
            bare_renders(manifest, prepared, folder, frames)
            found["cpu_over_bare"] = round(used / (cpu_seconds() - before), 3)
    return found


if __name__ == "__main__":
    main()
