"""Render a shard without a window: ``blender -b -P headless.py -- shard.json``, or the same with a Python that has bpy.

Progress goes to standard output, a line each, ``DEFECTORY`` and JSON:
``ready`` (blender, device), ``begin`` (frame), ``frame`` (frame, exr and those of its twin, seconds, defects, poses,
warnings), ``done``, ``refused`` (problem). The line ``finish`` on standard input ends the shard after the frame in
flight. The process ends as soon as its standard input does, so that no render outlives whoever started it.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

finishing = threading.Event()


def main(arguments: list[str]) -> None:
    """Render the shard whose file is the only argument.

    ``preview_percent`` in it asks for small pictures, without twins, for a person who waits.
    """
    shard = json.loads(Path(arguments[0]).read_text())
    # Imported here: what is wrong with the shard's file shows without Blender.
    import bpy

    from . import blender_versions, devices, render, trials
    from .contract import schema
    from .geometry.preparation.prepared_files import load_prepared
    from .scene.build import build_scene
    from .scene.stored import open_scene
    from .scene.twin import TwinPart

    bpy.ops.wm.read_factory_settings(use_empty=True)
    manifest = schema.from_dict(shard["manifest"])
    mesh, _ = load_prepared(Path(shard["part"]))
    assets = Path(shard.get("assets", ""))
    if manifest.blend is None:
        inspection = build_scene(manifest, mesh, assets_folder=assets)
    else:
        inspection = open_scene(manifest, mesh, assets)
    device = devices.use(inspection.scene, shard["device"])
    if shard["threads"]:
        inspection.scene.render.threads_mode = "FIXED"
        inspection.scene.render.threads = shard["threads"]
    render.prepare_output(inspection.scene)
    preview = shard.get("preview_percent")
    if preview:
        inspection.scene.render.resolution_percentage = preview
    twin = TwinPart(inspection, manifest.twin) if manifest.twin and not preview else None
    tell("ready", blender=blender_versions.describe(), device=device)
    if "trials" in shard:
        trials.run_trials(inspection, shard["frames"], shard["trials"], shard["crop_px"], Path(shard["folder"]), tell)
        tell("done")
        return
    for frame in shard["frames"]:
        if finishing.is_set():
            break
        tell("begin", frame=frame)
        start = time.perf_counter()
        files = render.render_frame(inspection, frame, Path(shard["folder"]), twin)
        seconds = round(time.perf_counter() - start, 3)
        tell(
            "frame",
            frame=frame,
            **{name: str(path) for name, path in files.items()},
            seconds=seconds,
            defects=inspection.defects,
            poses=inspection.poses(),
            warnings=inspection.warnings,
        )
    tell("done")


def tell(event: str, **facts: Any) -> None:
    """Say something to the process that waits."""
    sys.stdout.write("DEFECTORY " + json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def leave(code: int) -> NoReturn:
    """End at once: with drivers in place, Blender's own way out can hang."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _listen() -> None:
    for line in sys.stdin.buffer:
        if line.strip() == b"finish":
            finishing.set()
    os._exit(1)


def run() -> NoReturn:
    """What the script does, in its package."""
    # Whoever stops a whole machine tells every process; the one that waits for this one decides when it ends.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_listen, daemon=True).start()
    from .contract import errors

    try:
        main(sys.argv[sys.argv.index("--") + 1 :])
    except errors.UserError as mistake:
        tell("refused", problem=str(mistake))
        leave(2)
    except BaseException:
        traceback.print_exc()
        leave(1)
    leave(0)


if __name__ == "__main__":
    # Blender runs this file by its path. Its package, whose folder has another name in an installed extension, must
    # come before Blender's own modules.
    _folder = Path(__file__).resolve().parent
    sys.path.insert(0, str(_folder.parent))
    importlib.import_module(f"{_folder.name}.headless").run()
