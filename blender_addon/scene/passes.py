"""Passes beside the image: what the surface is and where it lies, from the image's own samples.

Blender renders three; the others follow from them and from the camera's pose, outside Blender
(``worker/develop/passes.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..contract import schema
from .nodes import feed

PLACE_PASS = "Places"


def add_passes(layer: bpy.types.ViewLayer, materials: Iterable[bpy.types.Material], output: schema.Output) -> None:
    """Make the image's view layer carry what the passes of a manifest are made of.

    Args:
        layer: of the image.
        materials: of the part.
        output: names the passes.
    """
    wanted = set(output.passes)
    layer.use_pass_diffuse_color = layer.use_pass_glossy_color = "albedo" in wanted
    layer.use_pass_normal = bool(wanted & {"normal", "normal_camera"})
    if not wanted & {"depth", "position"}:
        return
    channel = layer.aovs.add()
    channel.name, channel.type = PLACE_PASS, "COLOR"
    # Cycles' own passes of depth and position hold one sample of a pixel; an AOV holds the mean over all of them.
    for material in materials:
        tree = material.node_tree
        carrier = tree.nodes.new("ShaderNodeOutputAOV")
        carrier.aov_name = PLACE_PASS
        feed(tree, carrier.inputs["Color"], tree.nodes.new("ShaderNodeNewGeometry").outputs["Position"])
