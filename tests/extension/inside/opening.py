"""Manifests opened, scrubbed, replaced and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .addon import enable, module
from .sight import frames_seen


def scrub(manifest: str, *frames: str) -> dict[str, Any]:
    """Go to frames in a scene opened by the operator, and say what was seen and what the panel says."""
    enable()
    result = bpy.ops.defectory.open_manifest(filepath=manifest)
    inspection, facts = module("ui.inspection"), module("ui.facts")
    seen = frames_seen([int(frame) for frame in frames])
    table = inspection.current.table
    return {
        "result": list(result),
        "seen": seen,
        "scene": bpy.context.scene.name,
        "range": [bpy.context.scene.frame_start, bpy.context.scene.frame_end],
        "manifest": facts.describe_manifest(table, inspection.current.report),
        "frames": [facts.describe_frame(table, int(frame)) for frame in frames],
        "parameters": [[one.identifier, one.text] for one in facts.drawn(table, int(frames[0]))],
        "live": module("ui.drivers").run(bpy.context.scene, table),
        "problem": module("ui.messages").problem,
    }


def refuse(*paths: str) -> list[dict[str, Any]]:
    """Try to open files that cannot be opened."""
    enable()
    messages, answers = module("ui.messages"), []
    for path in paths:
        before = {name: len(getattr(bpy.data, name)) for name in ("objects", "scenes", "materials", "meshes", "worlds")}
        result = bpy.ops.defectory.open_manifest(filepath=path)
        after = {name: len(getattr(bpy.data, name)) for name in before}
        answers.append({"result": list(result), "problem": messages.problem, "unchanged": before == after})
    return answers


def reopen(first: str, second: str) -> dict[str, Any]:
    """Open one manifest over another in a file in which a person has made things."""
    enable()
    mine = bpy.data.collections.new("Rig")
    bpy.context.scene.collection.children.link(mine)
    bpy.ops.defectory.open_manifest(filepath=first)
    counts = []
    light = bpy.data.objects.new("Hand-made", bpy.data.lights.new("Hand-made", "POINT"))
    bpy.context.scene.collection.objects.link(light)
    for path in (second, first, second):
        bpy.context.scene.frame_set(bpy.context.scene.frame_end)
        bpy.ops.defectory.open_manifest(filepath=path)
        names = ("objects", "scenes", "materials", "meshes", "worlds", "collections", "lights", "node_groups")
        counts.append({name: len(getattr(bpy.data, name)) for name in names})
    scene = bpy.context.scene
    return {
        "problem": module("ui.messages").problem,
        "scene": scene.name,
        "counts": counts,
        "hand_made": "Hand-made" in scene.objects,
        "rig": [mine.name, list(bpy.data.scenes["Scene"].collection.children.keys())],
        "seen": frames_seen([0]),
    }


def same_as_function(manifest: str) -> dict[str, Any]:
    """What the operator and what the function make of a manifest."""
    enable()
    seen = []
    for act in (
        lambda: bpy.ops.defectory.open_manifest(filepath=manifest),
        lambda: module("ui.opening").open_manifest(Path(manifest), bpy.context.window),
    ):
        act()
        seen.append(frames_seen([0, 5]))
    return {"operator": seen[0], "function": seen[1]}
