"""What the node group of an impurity computes: runs inside Blender, ``node_values.py -- TASK.json``.

The part is a cloud of random triangles, so that one render of a sample a pixel evaluates the group at random points of
space. The EXR has the passes ``Where`` (mm in the part's axes), ``Facing`` (normals) and one
for each output of the group.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

SIDE_MM = 100.0


def main(task: dict[str, object]) -> None:
    import bpy
    import numpy as np

    from blender_addon.contract import schema
    from blender_addon.geometry.mesh import Mesh
    from blender_addon.render import prepare_output
    from blender_addon.scene.build import build_scene

    bpy.ops.wm.read_factory_settings(use_empty=True)
    random = np.random.default_rng(4)
    corners = random.uniform(-SIDE_MM / 2, SIDE_MM / 2, (600, 1, 3)) + random.normal(0, 6, (600, 3, 3))
    triangles = np.arange(1800, dtype=np.int32).reshape(-1, 3)
    mesh = Mesh(corners.reshape(-1, 3), triangles, ("cloud",), np.zeros(600, dtype=np.int32))
    inspection = build_scene(schema.from_dict(task["manifest"]), mesh)
    inspection.show(0)
    for name, value in dict(task.get("properties", {})).items():
        inspection.part.data[name] = value
    tree = inspection.part.data.materials[0].node_tree
    group = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeGroup" and n.node_tree.name == task["group"])
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    place = tree.nodes.new("ShaderNodeVectorMath")
    place.operation = "SCALE"
    place.inputs["Scale"].default_value = 1000.0
    tree.links.new(coordinates.outputs["Object"], place.inputs[0])
    sockets = {"Facing": coordinates.outputs["Normal"], "Where": place.outputs[0]}
    sockets |= {output.name: output for output in group.outputs}
    for name, socket in sockets.items():
        carrier = tree.nodes.new("ShaderNodeOutputAOV")
        carrier.aov_name = name
        tree.links.new(socket, carrier.inputs["Color"])
        channel = inspection.scene.view_layers[0].aovs.add()
        channel.name, channel.type = name, "COLOR"
    inspection.scene.render.filepath = str(task["exr"])
    prepare_output(inspection.scene)
    bpy.ops.render.render(write_still=True)
    print(json.dumps({"version": bpy.app.version[:2]}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main(json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text()))
    sys.stdout.flush()
    os._exit(0)
