"""Frames rendered in the window, as F12 does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .addon import enable, module


def render(manifest: str, frame: str, folder: str) -> dict[str, Any]:
    """Render a still at a frame: the handlers must neither fail nor touch the mesh meanwhile."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene = bpy.context.scene
    scene.render.resolution_percentage, scene.cycles.samples = 10, 1
    scene.frame_set(int(frame))
    before = scene.defectory.part.data.name
    bpy.ops.render.render()
    inspection = module("ui.inspection")
    still = {"same": scene.defectory.part.data.name == before, "problem": module("ui.messages").problem}
    # An animation across instances: not what the manifest says, and that must not pass without a word.
    scene.frame_end = scene.frame_current + 2
    scene.frame_start, scene.render.filepath = scene.frame_current, folder + "/"
    bpy.ops.render.render(animation=True)
    return still | {"rendering": inspection.rendering, "animation": inspection.render_problem}


def picture(manifest: str, folder: str, *frames: str) -> list[str]:
    """Render frames as F12 does, after scrubbing to each, with the file format of the farm."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, paths = bpy.context.scene, []
    module("render").prepare_output(scene)
    for frame in frames:
        scene.frame_set(int(frame))
        scene.render.filepath = str(Path(folder) / f"{frame}.exr")
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths
