"""A Blender file full of traps, opened as a farm does and then as a fool does: inside Blender, ``-- TASK.json``.

Prints which traps sprang, ``{"farm": [...], "fool": [...]}``: a script that asks to be run, and drivers that call what
they can reach, one of them by way of ``param``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path


def main(task: dict[str, str]) -> None:
    import bpy
    import numpy as np

    from blender_addon.contract import schema
    from blender_addon.geometry.mesh import Mesh
    from blender_addon.scene.build import build_scene
    from blender_addon.scene.stored import open_scene

    folder = Path(task["folder"])
    corners = np.array([[0, 0, 0], [20, 0, 0], [0, 20, 0], [0, 0, 20]], dtype=float)
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], dtype=np.int32)
    mesh = Mesh(corners, faces, ("corner",), np.zeros(4, dtype=np.int32))
    plain = json.loads(task["manifest"])

    bpy.ops.wm.read_factory_settings(use_empty=True)
    inspection = build_scene(schema.from_dict(plain), mesh)
    script = bpy.data.texts.new("trap.py")
    script.write(f"open({str(folder / 'script.trap')!r}, 'w')")
    script.use_module = True
    bait = bpy.data.objects.new("Bait", None)
    inspection.scene.collection.objects.link(bait)
    calls = ("__import__('os')", "(param('glow', frame) and param.__globals__['os'])")
    for axis, name, module in zip((0, 1), ("driver", "param"), calls):
        curve = bait.driver_add("location", axis)
        curve.driver.type = "SCRIPTED"
        curve.driver.expression = f"{module}.mkdir({str(folder / (name + '.trap'))!r})"
    file = folder / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))

    def sprung() -> list[str]:
        return sorted(path.stem for path in folder.glob("*.trap"))

    # As a person may have set it, and as a farm asks Blender on its command line.
    bpy.context.preferences.filepaths.use_scripts_auto_execute = True
    blend = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    opened = open_scene(schema.from_dict(plain | {"blend": blend}), mesh, folder)
    for frame in (0, 1):
        opened.show(frame)
    farm = sprung()
    bpy.ops.wm.open_mainfile(filepath=str(file), use_scripts=True)
    bpy.context.scene.frame_set(1)
    print(json.dumps({"farm": farm, "fool": sprung()}), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main(json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text()))
    # Blender's own way out can hang with drivers in place.
    sys.stdout.flush()
    os._exit(0)
