"""Real renders for the tests: a manifest of a box and some frames go through the script that the farm runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import save_prepared
from manifests import schema, viewpoints
from manifests.sampling import Table
from worker.blender import Blender, build_command, headless_script
from worker.develop import image_and_labels, read_channels
from worker.develop.masks import Masks, decode
from worker.develop.passes import make_passes

BOX_MM = (25.0, 25.0, 50.0)


def write_box(folder: Path) -> Path:
    """An STL of a box of BOX_MM, its front at y = -12.5 once it is centred."""
    corners = np.array([[x, y, z] for x in (0, BOX_MM[0]) for y in (0, BOX_MM[1]) for z in (0, BOX_MM[2])])
    triangles = np.array(
        [
            *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
            *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
        ]
    )
    return write_stl(folder / "box.stl", corners[triangles])


def write_stl(path: Path, corners_mm: np.ndarray) -> Path:
    """A binary STL of triangles (m, 3, 3)."""
    facets = np.zeros(len(corners_mm), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("pad", "<u2")])
    facets["corners"] = corners_mm
    path.write_bytes(bytes(80) + np.uint32(len(facets)).tobytes() + facets.tobytes())
    return path


def manifest(**fields: Any) -> schema.Manifest:
    """A small, quick manifest of the box, seen sharply from the front at 300 mm; ``fields`` replace its own."""
    data: dict[str, Any] = {
        "name": "box",
        "part": {"file": "box.stl"},
        "camera": {"region_px": [1611, 699, 2250, 2250], "image_px": [96, 96], "f_number": 0},
        "views": {"kind": "poses", "poses": [{"location_mm": [0, -300, 0]}]},
        "surface": {"kind": "painted", "relief": "none"},
        "render": {"samples": 4, "bounces": 1},
    }
    for name, value in fields.items():
        old = data.get(name)
        merged = isinstance(old, dict) and isinstance(value, dict) and "kind" not in value
        data[name] = {**old, **value} if merged else value
    return schema.from_dict(data)


@dataclass(frozen=True)
class Frame:
    """A rendered frame: light (h, w, 4), labels (h, w, 3), its masks and passes, what Blender told of it, its build."""

    light: np.ndarray
    labels: np.ndarray
    masks: Masks
    passes: dict[str, np.ndarray]
    told: dict[str, Any]
    blender: str

    @property
    def defects(self) -> list[dict[str, Any]]:
        return list(self.told["defects"])


def run_shard(
    folder: Path,
    blender: str,
    what: schema.Manifest,
    frames: list[int],
    device: str = "cpu",
    part: Callable[[Path], Path] = write_box,
) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and events of the headless script for some frames of a box, or of what ``part`` writes."""
    folder.mkdir(parents=True, exist_ok=True)
    mesh, report = prepare_part(part(folder))
    shard = {
        "manifest": schema.to_dict(what),
        "frames": frames,
        "part": str(save_prepared(folder, mesh, report)),
        "assets": str(folder),
        "folder": str(folder),
        "device": device,
        "threads": 1,
    }
    file = folder / "shard.json"
    file.write_text(json.dumps(shard))
    kind = "module" if Path(blender).name.startswith("python") else "binary"
    command = build_command(Blender(kind, blender, "test"), headless_script(), file)
    # The script ends when its standard input does, so that stays open until all has been read.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [line for line in process.stdout if line.startswith("DEFECTORY ")]
    return process.returncode, [json.loads(line.removeprefix("DEFECTORY ")) for line in lines]


def render(
    folder: Path, blender: str, what: schema.Manifest, frames: list[int], part: Callable[[Path], Path] = write_box
) -> list[Frame]:
    """Render frames and decode their masks."""
    code, events = run_shard(folder, blender, what, frames, part=part)
    assert code == 0, events
    rendered = []
    version = next(told["blender"] for told in events if told["event"] == "ready")
    for told in events:
        if told["event"] == "frame":
            exr = Path(told["exr"])
            channels = read_channels(exr)
            light, labels = image_and_labels(exr, channels)
            passes = make_passes(channels, what.output.passes, told["poses"]["camera"])
            rendered.append(Frame(light, labels, decode(labels, what, told["defects"]), passes, told, version))
    assert [f.told["frame"] for f in rendered] == frames
    return rendered


def table(what: schema.Manifest) -> Table:
    """Values of a manifest for the box."""
    half = np.array(BOX_MM) / 2
    bounds = viewpoints.Bounds.of(np.array([-half, half]))
    return Table(what, viewpoints.plan(what.views, what.camera, bounds))
