"""Frames rendered small beside the window, by the farm's own script in a second Blender."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..contract import digests, errors, schema
from . import documents, exr, inspection, jobs
from .preferences import settings

_MARK = "DEFECTORY "
_BLEND = "scene.blend"


@dataclass(frozen=True)
class Preview:
    """A frame in small.

    Attributes:
        frame: its number.
        light: (height, width, 4) linear light, alpha premultiplied; the first row is the uppermost.
        ids: (height, width) what pixels show, as the part's labels number it.
        labels: of each id its class; insignificant defects have none.
    """

    frame: int
    light: exr.Floats
    ids: NDArray[np.int32]
    labels: dict[int, str]


def begin(
    kind: str,
    title: str,
    scene: bpy.types.Scene,
    frames: Sequence[int],
    *,
    width_px: int,
    samples: int,
    each: Callable[[Preview], object],
) -> None:
    """Render frames of the scene as it is now, with all that a person made in it, while the window goes on.

    Args:
        kind, title: of the job.
        scene: the open inspection.
        frames: which.
        width_px: of the pictures, at most as wide as the manifest's.
        samples: paths per pixel, at most as many as the manifest's.
        each: called with each frame as soon as it is there.

    Raises:
        UserError: part or camera are gone, or the disk or the second Blender refuses.
    """
    from .prepared import find_part

    opened = inspection.current
    found = find_part(documents.stored_part(scene), bpy.data.filepath)
    if opened is None or found is None:
        raise errors.PartError("The prepared part is not at hand; open the manifest again")
    inspection.check_whole(scene)
    scratch = tempfile.TemporaryDirectory(prefix="defectory-")
    folder, manifest = Path(scratch.name), opened.table.manifest
    try:
        bpy.data.libraries.write(str(folder / _BLEND), {scene}, path_remap="ABSOLUTE")
        digest = digests.file_sha256(folder / _BLEND)
    except (OSError, RuntimeError) as problem:
        raise errors.DataSetError(f"{folder}: cannot be written: {problem}") from None
    small = replace(
        manifest,
        render=replace(manifest.render, samples=min(samples, manifest.render.samples)),
        blend=schema.BlenderFile(_BLEND, digest),
    )
    shard = {
        "manifest": schema.to_dict(small),
        "frames": list(frames),
        "part": str(found.stored),
        "folder": str(folder),
        "assets": str(folder),
        "device": settings().device,
        # One is left for the window.
        "threads": max(1, (os.cpu_count() or 2) - 1),
        "preview_percent": min(100, math.ceil(100 * width_px / manifest.camera.image_px[0])),
    }
    file = folder / "shard.json"
    file.write_text(json.dumps(shard), encoding="utf-8")

    def hear(line: str) -> None:
        if line.startswith(_MARK):
            _heard(kind, json.loads(line.removeprefix(_MARK)), manifest, len(frames), each)

    # Another Blender that starts without add-ons would take the packages of this one's away; given up, it leaves its
    # temporary files behind.
    temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))
    environment = os.environ | temporary | {"BLENDER_USER_RESOURCES": str(folder / "user")}
    jobs.begin(kind, title, _command(file), lambda: None, hear, scratch, environment)


def _command(shard: Path) -> list[str]:
    script = str(Path(__file__).resolve().parents[1] / "headless.py")
    if not bpy.app.binary_path:  # Blender as a module of Python
        return [sys.executable, script, "--", str(shard)]
    options = ["-b", "--factory-startup", "--enable-autoexec", "--python-exit-code", "1"]
    return [bpy.app.binary_path, *options, "-P", script, "--", str(shard)]


def _heard(
    kind: str, event: dict[str, Any], manifest: schema.Manifest, count: int, each: Callable[[Preview], object]
) -> None:
    job = jobs.running[kind]
    if event["event"] == "refused":
        job.problem = event["problem"]
    elif event["event"] == "frame":
        path = Path(event["exr"])
        light, ids = exr.read_frame(path)
        path.unlink()
        labels = {d["id"]: d["label"] for d in event["defects"] if not d.get("insignificant")}
        labels |= {-1 - number: one.label for number, one in enumerate(manifest.impurities)}
        job.progress = (job.progress or 0.0) + 1 / count
        each(Preview(event["frame"], light, ids, labels))
