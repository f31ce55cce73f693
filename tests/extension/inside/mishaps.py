"""What goes wrong while an inspection is open."""

from __future__ import annotations

from typing import Any

import bpy

from .addon import enable, module
from .sight import driven, frames_seen


def mishaps(manifest: str) -> dict[str, Any]:
    """Go past the end, delete the part, lose its prepared file: a message each, and the drivers live on."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, inspection = bpy.context.scene, module("ui.inspection")
    facts: dict[str, Any] = {"last": frames_seen([scene.frame_end])[0]["driven"]}
    scene.frame_set(scene.frame_end + 1000)
    facts["beyond"] = driven(scene)
    facts["beyond_problem"] = inspection.problem
    scene.frame_set(-5)
    facts["back"], facts["first"] = driven(scene), frames_seen([0])[0]["driven"]
    bpy.app.driver_namespace.pop("param")
    scene.frame_set(3)
    facts["failed"] = module("ui.drivers").run(scene, inspection.current.table)
    bpy.ops.defectory.wake_drivers()
    facts["woken"], facts["third"] = driven(scene), frames_seen([3])[0]["driven"]
    bpy.data.objects.remove(scene.defectory.part)
    scene.frame_set(scene.frame_end)
    facts["deleted_problem"] = inspection.problem
    facts["seed"] = module("ui.drivers").run(scene, inspection.current.table)
    return facts
