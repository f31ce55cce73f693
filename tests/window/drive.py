"""Runs inside a Blender with its window: goes from an empty file to an exported manifest by the panel's buttons.

``blender ... -P drive.py -- ARCHIVE PART FOLDER``. The mouse is xdotool's; this script only waits for what a click must
have brought about, and takes a picture of each step. What it saw goes to FOLDER/seen.json.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

ADDON = "bl_ext.user_default.defectory"
PART, FOLDER = (Path(argument) for argument in sys.argv[sys.argv.index("--") + 1 :])
LONGEST_S, AGAIN_S = 90.0, 20.0
SEEN: dict[str, Any] = {"steps": []}

# Places in a window of 1500 x 1300 at a scale of 1; headers of closed panels follow one another at 28 pixels.
IMPORT = (1030, 127)
# Blender 5 has one tab more, and stands a few pixels to the left.
TAB, RIGHT = ((1225, 262), 1189) if bpy.app.version < (5,) else ((1217, 336), 1180)
HEADERS = {name: (1040, 272 + 28 * k) for k, name in enumerate(
    ["part", "views", "lights", "surface", "defects", "impurities", "randomise", "preview", "export"]
)}  # fmt: skip


def module(name: str) -> Any:
    return importlib.import_module(f"{ADDON}.{name}")


def click(x: int, y: int) -> None:
    """A click, as slow as a hand's, while Blender goes on drawing: it must know what lies under the mouse."""
    hover = f"xdotool mousemove {x} {y}; sleep 0.2; xdotool mousemove {x + 1} {y}"
    subprocess.Popen(["sh", "-c", f"{hover}; sleep {PAUSE_S / 4}; xdotool click 1"])


def key(name: str) -> None:
    subprocess.run(["xdotool", "key", name], check=True)


def shoot(name: str) -> None:
    subprocess.run(["import", "-window", "root", str(FOLDER / f"{name}.png")], check=True)


def browser() -> Any:
    """The file browser that is open, or None."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER" and area.spaces.active.params is not None:
                return area.spaces.active.params
    return None


def choose(path: Path) -> bool:
    """Type a path into the open file browser."""
    params = browser()
    if params is None:
        return False
    params.directory, params.filename = str(path.parent).encode(), path.name
    return True


def scene() -> bpy.types.Scene:
    return bpy.context.window_manager.windows[0].scene


def manifest() -> Any:
    return module("ui.inspection").current.table.manifest


def steps() -> Iterator[tuple[str, Callable[[], object] | None, Callable[[], object]]]:
    """Name, what is done, and what it must have brought about; the last is asked until it is so."""
    inspection = module("ui.inspection")
    yield "tab", lambda: click(*TAB), lambda: True
    yield "import", lambda: click(*IMPORT), lambda: browser() is not None
    empty = state()
    yield "part", lambda: choose(PART) and key("Return"), lambda: inspection.is_open(scene())
    yield from back_and_forth("import", empty)
    yield "defects", lambda: click(*HEADERS["defects"]), lambda: True
    yield "menu", lambda: click(RIGHT, HEADERS["defects"][1] + 30), lambda: True
    yield "dent", lambda: key("d"), lambda: len(manifest().defects) == 1
    yield "defects_closed", lambda: click(*HEADERS["defects"]), lambda: True
    yield "lights", lambda: click(*HEADERS["lights"]), lambda: True
    yield "dialog", lambda: click(RIGHT, HEADERS["lights"][1] + 187), lambda: True
    yield "randomised", lambda: key("Return"), lambda: len(manifest().parameters) == 1
    yield "lights_closed", lambda: click(*HEADERS["lights"]), lambda: True
    yield "preview", lambda: click(*HEADERS["preview"]), lambda: True
    yield "preview_closed", lambda: click(*HEADERS["preview"]), lambda: True
    yield "undone", lambda: bpy.ops.ed.undo(), lambda: len(manifest().parameters) == 0
    yield "redone", lambda: bpy.ops.ed.redo(), lambda: len(manifest().parameters) == 1
    yield from undoing()
    yield from coloring()
    path = FOLDER / "flange.yaml"
    shown = state()
    yield "export", lambda: _export(), lambda: browser() is not None
    yield "written", lambda: choose(path) and key("Return"), lambda: path.is_file() and state()[2:] == shown[2:]


def coloring() -> Iterator[tuple[str, Callable[[], object] | None, Callable[[], object]]]:
    """The same view in the colours of the classes, as it is, and under its mask, beside the legend."""
    masks = module("ui.overlays.mask")
    yield "preview_again", lambda: click(*HEADERS["preview"]), lambda: True
    yield "dents", _enlarge_dents, lambda: state() != "on the way" and manifest().defects[0].diameter_mm == 9
    yield "classes", lambda: _overlay("classes"), lambda: True
    yield "plain", lambda: _overlay(""), lambda: True
    yield "mask", lambda: _overlay("mask"), lambda: masks.colours(scene()) is not None
    yield "mask_off", lambda: _overlay(""), lambda: True
    yield "preview_left", lambda: click(*HEADERS["preview"]), lambda: True


def _overlay(name: str) -> None:
    shown = module("ui.overlays.settings").shown()
    for one in ("classes", "mask"):
        if getattr(shown, one) != (one == name):  # a mask that is asked for again begins anew
            setattr(shown, one, one == name)
    module("ui.messages").redraw()  # as Blender does after a click


def _enlarge_dents() -> None:
    dent = scene().defectory.manifest.defects[0].dent
    dent.diameter_mm.fixed, dent.count.fixed = 9, 6


def back_and_forth(name: str, before: Any) -> Iterator[tuple[str, Callable[[], object] | None, Callable[[], object]]]:
    """What was done just now undone and done again."""
    after = state()
    yield f"-{name}_undone", lambda: bpy.ops.ed.undo(), lambda: state() == before
    yield f"-{name}_redone", lambda: bpy.ops.ed.redo(), lambda: state() == after


def state() -> Any:
    """What undo must bring back."""
    inspection, shown = module("ui.inspection"), scene()
    if not inspection.is_open(shown):
        return [shown.name, sorted(thing.name for thing in shown.objects)]
    wanted = module("contract").schema.to_dict(module("ui.authoring").wanted(shown))
    built = json.loads(shown.defectory.document)["manifest"]
    objects = sorted(
        [thing.name, len(thing.animation_data.drivers) if thing.animation_data else 0] for thing in shown.objects
    )
    return [wanted, built, objects, shown.frame_current] if wanted == built else "on the way"


def undoing() -> Iterator[tuple[str, Callable[[], object] | None, Callable[[], object]]]:
    """Each operator done, undone and done again; names that begin with a dash are quick and leave no picture."""
    ops = bpy.ops.defectory
    operators = {
        "add_item": lambda: ops.add_item("EXEC_DEFAULT", True, path="lights", kind="spot"),
        "move_item": lambda: ops.move_item("EXEC_DEFAULT", True, path="lights", step=-1),
        "copy_item": lambda: ops.copy_item("EXEC_DEFAULT", True, path="defects"),
        "randomise": lambda: ops.randomise("EXEC_DEFAULT", True, target="surface.roughness", low=0.2, high=0.4),
        "stop_randomising": lambda: ops.stop_randomising("EXEC_DEFAULT", True, target="surface.roughness"),
        "remove_item": lambda: ops.remove_item("EXEC_DEFAULT", True, path="lights"),
        "apply_surface": lambda: ops.apply_surface("EXEC_DEFAULT", True, name="brushed"),
        "apply_rig": lambda: ops.apply_rig("EXEC_DEFAULT", True, name="ring_light"),
        "new_draw": lambda: ops.new_draw("EXEC_DEFAULT", True),
    }
    for name, act in operators.items():
        before = state()
        yield f"-{name}", act, lambda before=before: state() not in (before, "on the way")
        yield from back_and_forth(name, before)


def _export() -> None:
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
        bpy.ops.defectory.export("INVOKE_DEFAULT")


class Drive:
    """One step after the other, as Blender's timer calls."""

    def __init__(self) -> None:
        self.steps = steps()
        self.step: Any = None
        self.until = self.again = 0.0
        self.drawn = False

    def __call__(self) -> float:
        try:
            return self._go()
        except BaseException:
            SEEN["error"] = traceback.format_exc()
            return self._leave()

    def _go(self) -> float:
        if self.step is None:
            self.step = next(self.steps, None)
            if self.step is None:
                return self._leave()
            self.until, self.again = time.monotonic() + LONGEST_S, time.monotonic() + AGAIN_S
            self.step[1]()
            return 0.2 if self.step[0].startswith("-") else PAUSE_S
        name, _, reached = self.step
        if not reached():
            if time.monotonic() > self.until:
                shoot(f"{len(SEEN['steps']):02d}_{name}")
                raise TimeoutError(f"{name}: {module('ui.messages').problem or 'nothing happened'}")
            if time.monotonic() > self.again:  # a click can go astray while Blender is busy
                self.again = time.monotonic() + AGAIN_S
                self.step[1]()
                return PAUSE_S
            return 0.2
        if not name.startswith("-") and not self.drawn:
            self.drawn = True  # what has been reached is drawn only now
            return PAUSE_S / 2
        self.drawn = False
        if not name.startswith("-"):
            shoot(f"{len(SEEN['steps']):02d}_{name}")
        SEEN["steps"].append(name)
        self.step = None
        return 0.05

    def _leave(self) -> float:
        SEEN["problem"] = module("ui.messages").problem
        (FOLDER / "seen.json").write_text(json.dumps(SEEN))
        sys.stdout.flush()
        os._exit(0)


PAUSE_S = float(os.environ.get("DEFECTORY_WINDOW_PAUSE", "1.0"))
"""How long Blender has to draw what a click has changed, before a picture is taken."""


def begin() -> None:
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.view.filebrowser_display_type = "SCREEN"
    bpy.ops.preferences.addon_enable(module=ADDON)
    bpy.app.timers.register(_open_sidebar, first_interval=2 * PAUSE_S, persistent=True)


def _open_sidebar() -> None:
    area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
    area.spaces.active.show_region_ui = True
    bpy.app.timers.register(Drive(), first_interval=2 * PAUSE_S, persistent=True)


begin()
