"""Trials: the same frames by several settings of Cycles, to find the cheapest that are good enough.

A crop of each frame is rendered at its full resolution, so that texture and edges are as fine as in the data set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bpy

from .contract import fields, schema
from .render import write_render
from .scene.build import InspectionScene
from .scene.cycles import set_up_cycles
from .scene.region import Region, part_region, restrict

_OTHER_PATHS = 0x2AAAAAAA
"""Bits of the seed that are turned for a reference, whose noise must not be that of what is compared with it."""


def run_trials(
    inspection: InspectionScene,
    frames: Sequence[int],
    trials: Sequence[dict[str, Any]],
    crop_px: int,
    folder: Path,
    tell: Callable[..., None],
) -> None:
    """Render a crop of each frame by each of several settings.

    Args:
        inspection: the scene.
        frames: which.
        trials: each with its ``key``, ``render`` (the manifest's section) and whether it is a ``reference``.
        crop_px: side of the square around the middle of the part that is rendered; 0: the whole image.
        folder: where the EXRs are written.
        tell: told ``begin`` and ``frame`` of each, with ``key``, ``exr``, ``seconds`` and ``cpu_seconds`` of the
            render alone.
    """
    scene = inspection.scene
    for number, frame in enumerate(frames):
        inspection.show(frame)
        if crop_px:
            restrict(scene, _square(part_region(inspection, 0), crop_px, scene), cut=True)
        if not number:
            _warm_up(scene, any(trial["render"]["denoise"] for trial in trials))
        for trial in trials:
            set_up_cycles(scene, fields.from_dict(schema.Render, trial["render"]))
            seed = scene.animation_data.drivers.find("cycles.seed")
            seed.mute = True
            value = int(inspection.table.value("@seed", frame))
            scene.cycles.seed = value ^ _OTHER_PATHS if trial["reference"] else value
            tell("begin", frame=frame)
            wall, processor = time.perf_counter(), time.process_time()
            exr = write_render(scene, folder / f"{frame:07d}.{trial['key']}.exr")
            tell(
                "frame",
                frame=frame,
                key=trial["key"],
                exr=str(exr),
                seconds=time.perf_counter() - wall,
                cpu_seconds=time.process_time() - processor,
            )
            seed.mute = False


def _warm_up(scene: bpy.types.Scene, denoise: bool) -> None:
    """The first render of a process compiles and loads what the others find ready, the denoiser's included."""
    set_up_cycles(scene, schema.Render(samples=1, denoise=denoise))
    bpy.ops.render.render()


def _square(box: Region, side_px: int, scene: bpy.types.Scene) -> Region:
    """A square of that side around the middle of a box, moved and cut so that it lies in the image."""
    size = scene.render.resolution_x, scene.render.resolution_y
    ends = []
    for low, high, whole in ((box.left, box.right, size[0]), (box.top, box.bottom, size[1])):
        length = min(side_px, whole)
        start = min(max(0, (low + high - length) // 2), whole - length)
        ends.append((start, start + length))
    return Region(ends[0][0], ends[1][0], ends[0][1], ends[1][1])
