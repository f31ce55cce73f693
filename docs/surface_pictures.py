"""The pictures of the page on surfaces: each surface on the flange of the examples, and close by.

python docs/surface_pictures.py docs/images/surfaces [NAME ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import save_prepared
from manifests import schema
from manifests.encoding import encode
from worker.blender import Blender, build_command, headless_script
from worker.develop import read_exr

PARTS = Path(__file__).resolve().parent.parent / "manifests/examples/parts"
SIDE = 220
TOP = {"where": {"normal": [0, 0, 1], "within_deg": 30}}
SURFACES: dict[str, dict[str, Any]] = {
    "painted": {"surface": {"kind": "painted", "relief_height_mm": 0.05, "relief_scale_mm": 0.6}},
    "polymer": {"surface": {"kind": "polymer"}},
    "turned": {"surface": {"kind": "turned"}},
    "milled": {"surface": {"kind": "milled"}},
    "brushed": {"surface": {"kind": "brushed"}},
    "blasted": {"surface": {"kind": "blasted"}},
    "cast": {"surface": {"kind": "cast"}},
    "riblet": {"surface": {"kind": "riblet"}},
    "granular": {"surface": {"kind": "granular"}},
    "engraved": {
        "surface": {
            "kind": "polymer",
            "engraving": {
                "text": "PP-GF30",
                "height_mm": 3,
                "depth_mm": 0.2,
                "position_mm": [12, -20.8, 0],
                "direction": [3, 1.7, 0],
            },
        }
    },
    "several": {
        "surface": {"kind": "cast"},
        "surfaces": [
            TOP | {"surface": {"kind": "milled"}},
            {"where": {"cad_faces": [0, 1, 3, 12, 15]}, "surface": {"kind": "turned"}},
            {"where": {"objects": ["pin"]}, "surface": {"kind": "polymer", "color": [0.5, 0.02, 0.01]}},
        ],
    },
}
"""Of each picture, what its manifest says of the part's surfaces."""


def manifest(surfaces: dict[str, Any]) -> schema.Manifest:
    """The flange under a ring light round the camera and a panel behind it: as a whole, and from 40 mm."""
    return schema.from_dict(
        {
            "name": "surfaces",
            "part": {"file": "flange.step"},
            "camera": {"sensor_px": [SIDE, SIDE], "image_px": [SIDE, SIDE], "focal_length_mm": 40, "f_number": 0},
            "views": {
                "kind": "poses",
                "poses": [
                    {"location_mm": [0, -110, 150], "target_mm": [0, 0, -3]},
                    {"location_mm": [12, -52, 27], "target_mm": [12, -18.5, 2]},
                ],
            },
            "lights": [
                {"kind": "ring", "radiance": 1.2, "diameter_mm": 150, "width_mm": 30, "distance_mm": 20},
                {
                    "kind": "panel",
                    "radiance": 0.9,
                    "location_mm": [12, 77, 74],
                    "target_mm": [12, -18, 2],
                    "size_mm": [60, 40],
                },
                {"kind": "world", "radiance": 0.12},
            ],
            "backdrop": None,
            "render": {"samples": 48, "bounces": 2},
            **surfaces,
        }
    )


def render(what: schema.Manifest, folder: Path) -> list[np.ndarray]:
    """Its first frames, one for each view, as 8-bit RGB on black."""
    mesh, report = prepare_part(PARTS / what.part.file)
    part = save_prepared(folder, mesh, report)
    shard = {"manifest": schema.to_dict(what), "frames": list(range(what.view_count)), "part": str(part)}
    file = folder / "shard.json"
    file.write_text(json.dumps(shard | {"folder": str(folder), "device": "cpu", "threads": 0}))
    command = build_command(Blender("module", sys.executable, "this"), headless_script(), file)
    # The script ends when its standard input does.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [json.loads(line.removeprefix("DEFECTORY ")) for line in process.stdout if line.startswith("DEFECTORY ")]
    if process.returncode:
        raise SystemExit(f"{folder.name}: {told}")
    lights = [read_exr(Path(event["exr"]))[0] for event in told if event["event"] == "frame"]
    return [np.round(encode(light[..., :3], what.output) * 255).astype(np.uint8) for light in lights]


def main(target: str, *names: str) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    for name in names or SURFACES:
        with tempfile.TemporaryDirectory() as folder:
            pair = render(manifest(SURFACES[name]), Path(folder))
        sheet = Image.fromarray(np.concatenate(pair, axis=1))
        # Colours by how far apart they are, not by how many pixels have them: a red pin must not tint the shadows.
        small = sheet.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(Path(target) / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
