"""Data sets rendered by the buttons of the panel: here, on a farm, and stopped."""

import os
from typing import Any

import bpy

from .addon import ADDON, disable, enable, module, registered, until
from .drawing import pages

_LONG = 300
"""Samples of an image that takes so long that a run is stopped in the midst of it."""


def begin(part: str, command: str, redis_url: str) -> None:
    """A tiny inspection in a file that was never saved, whose data sets lie in ``sets`` beside the manifest."""
    enable()
    bpy.ops.defectory.import_part(filepath=part)
    group = bpy.context.scene.defectory.manifest
    group.camera.image_px, group.render.samples, group.instances = (64, 64), 2, 3
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.command, preferences.redis_url, preferences.output_folder = command, redis_url, "//sets"


def submit(part: str, command: str, redis_url: str, browser: str) -> dict[str, Any]:
    """Hand a data set to the farm, wait for it, open its report."""
    begin(part, command, redis_url)
    os.environ["BROWSER"] = browser
    runs = module("ui.runs")
    facts = {"submit": _pressed("submit"), "shown": _shown()}
    facts["twice"] = _pressed("submit")
    runs.wait()
    facts["data_set"] = str(runs.last.root)
    until(runs.last.report_file.is_file)
    facts["after"], facts["report"] = _shown(), _pressed("open_report")
    return facts


def stop(part: str, command: str, lingering: str, redis_url: str) -> dict[str, Any]:
    """Stop a render here, three on the farm, and one by disabling the extension; the first goes on afterwards.

    Those on the farm: one that the farm has, while the extension goes; one whose hand-over is done, though the command
    has not ended; one of which the farm has not heard.
    """
    begin(part, command, redis_url)
    preferences = bpy.context.preferences.addons[ADDON].preferences
    group, runs, facts = bpy.context.scene.defectory.manifest, module("ui.runs"), {}
    ways = {
        "here": ("render_here", command, lambda pairs: pairs, runs.wait),
        "farm": ("submit", command, lambda pairs: pairs and _handed_over(), runs.leave),
        "early": ("submit", lingering, lambda pairs: pairs, runs.wait),
        "at_once": ("submit", command, lambda pairs: True, runs.wait),
    }
    for name, (button, program, begun, end) in ways.items():
        group.name, group.render.samples, group.instances, preferences.command = name, _LONG, 40, program
        pressed = _pressed(button)
        data_set = runs.run.data_set
        until(lambda data_set=data_set, begun=begun: begun(data_set.complete_frames()))
        cancelled = _pressed("cancel_run")
        end()
        facts[name] = [pressed, cancelled, str(runs.last.root), len(data_set.complete_frames())]
    group.name, group.render.samples, group.instances = "here", _LONG, 40
    _pressed("render_here")
    before = facts["here"][-1]
    data_set = runs.run.data_set
    until(lambda: len(data_set.complete_frames()) > before)
    disable()
    facts["left"] = [registered(), runs.run is None]
    return facts


def _handed_over() -> bool:
    """Whether the farm has what was submitted; where Blender has a window, its timer looks."""
    runs = module("ui.runs")
    runs._watch()
    return not runs.run.watch


def _pressed(button: str) -> list[Any]:
    return [list(getattr(bpy.ops.defectory, button)()), module("ui.messages").problem]


def _shown() -> list[str]:
    """What the panel has below its buttons that render."""
    page = pages()["ExportPanel"] or []
    return page[page.index("defectory.submit") + 1 :]
