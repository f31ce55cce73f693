"""The limit of a frame: bare ``bpy.ops.render.render`` of the same scene without masks or files; run by bench_pair.py.

python benchmarks/bare_render.py shard.json       prints a JSON list of seconds, one for each frame
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy

from blender_addon import devices, headless
from blender_addon.geometry.preparation.prepared_files import load_prepared
from blender_addon.scene.build import build_scene
from manifests import schema


def main() -> None:
    shard = json.loads(Path(sys.argv[1]).read_text())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh, _ = load_prepared(Path(shard["part"]))
    inspection = build_scene(schema.from_dict(shard["manifest"]), mesh)
    devices.use(inspection.scene, shard["device"])
    layer = inspection.scene.view_layers[0]
    while layer.aovs:
        layer.aovs.remove(layer.aovs[0])
    for material in bpy.data.materials:
        for node in list(material.node_tree.nodes):
            if node.bl_idname == "ShaderNodeOutputAOV":
                material.node_tree.nodes.remove(node)
    seconds = []
    for frame in shard["frames"]:
        inspection.show(frame)
        start = time.perf_counter()
        bpy.ops.render.render()
        seconds.append(time.perf_counter() - start)
    print("SECONDS " + json.dumps(seconds))


main()
headless.leave(0)
