"""Blender files saved and loaded again, with the extension and before it was enabled."""

from __future__ import annotations

from typing import Any

import bpy

from .addon import enable, module
from .sight import driven, frames_seen, geometry


def save(manifest: str, blend: str, *frames: str) -> list[dict[str, Any]]:
    """Open a manifest, look at frames, save the file at the last of them."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    seen = frames_seen([int(frame) for frame in frames])
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    return seen


def load(blend: str, *frames: str) -> dict[str, Any]:
    """Load a file that was saved, as one that is not trusted, and look at the frame it opens with and at others."""
    enable()
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=False)
    inspection = module("ui.inspection")
    first = {"frame": bpy.context.scene.frame_current, "driven": driven(bpy.context.scene)}
    return {
        "first": first | {"geometry": geometry(bpy.context.scene)},
        "problem": module("ui.messages").problem,
        "report": inspection.current.report is not None,
        "seen": frames_seen([int(frame) for frame in frames]),
        "problem_after": module("ui.messages").problem,
    }


def enable_late(blend: str, *frames: str) -> dict[str, Any]:
    """Load a file without the extension, whose drivers then fail, and enable it only after."""
    bpy.ops.wm.open_mainfile(filepath=blend, use_scripts=False)
    bpy.context.scene.frame_set(0)
    enable()
    module("ui.handlers")._follow_soon()  # Blender's timer, which does not run without a window
    return {"seen": frames_seen([int(frame) for frame in frames]), "problem": module("ui.messages").problem}
