"""Masks: which defect or impurity a pixel shows, carried by the render itself.

Each point of the surface has an id: that of the defect in its geometry, else that of the impurity on it (-1 and down),
else 0. What is rendered is (id, id2, covered): the mean of these over a pixel's samples gives the share that is
covered, the id where the pixel holds but one, and by the variance of the id whether it does.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..contract import schema
from .nodes import feed, math
from .part import DEFECT_ATTRIBUTE
from .rig import rig_of

IMAGE_LAYER, LABEL_LAYER, LABEL_PASS = "Image", "Labels", "Labels"


def label(
    scene: bpy.types.Scene, coated: list[tuple[bpy.types.Material, Any, list[Any]]], render: schema.Render
) -> None:
    """Finish the part's materials and set up the passes that carry its labels.

    Args:
        scene: of the part.
        coated: each material of the part with the shader socket of its surface and the mask sockets of its impurities,
            in the manifest's order; None for one that is no texture, and none on a sticker, whose geometry has the id.
        render: says how masks are made: ``aov``, a second output of the image's own samples, or ``emissive``, a second
            view layer in which the surface emits its label.
    """
    image = scene.view_layers[0]
    image.name = IMAGE_LAYER
    for material, shader, masks in coated:
        tree = material.node_tree
        output = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeOutputMaterial")
        feed(tree, output.inputs["Surface"], shader)
        if render.masks == "aov":
            carrier = tree.nodes.new("ShaderNodeOutputAOV")
            carrier.aov_name = LABEL_PASS
            feed(tree, carrier.inputs["Color"], _label(tree, masks))
    if render.masks == "aov":
        channel = image.aovs.add()
        channel.name, channel.type = LABEL_PASS, "COLOR"
        return
    # Labels depend on the place and not on the surface, so any of the materials will do where none moves the mesh;
    # the manifest's checks see to that.
    material, _, masks = coated[0]
    # A copy keeps the displacement, without which the outlines of image and mask would differ.
    emitting = material.copy()
    emitting.name = "Labels"
    tree = emitting.node_tree
    copied = [mask and tree.nodes[mask.node.name].outputs[mask.name] for mask in masks]
    emission = tree.nodes.new("ShaderNodeEmission")
    feed(tree, emission.inputs["Color"], _label(tree, copied))
    output = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeOutputMaterial")
    feed(tree, output.inputs["Surface"], emission.outputs["Emission"])
    layer = scene.view_layers.new(LABEL_LAYER)
    layer.material_override = emitting
    # The override would turn the backdrop into a second part, with dust of its own.
    rig = rig_of(scene)
    if rig is not None:
        layer.layer_collection.children[rig.name].exclude = True
    layer.cycles.use_denoising = False


def _label(tree: bpy.types.NodeTree, masks: list[Any]) -> Any:
    attribute = tree.nodes.new("ShaderNodeAttribute")
    attribute.attribute_type, attribute.attribute_name = "GEOMETRY", DEFECT_ATTRIBUTE
    number = attribute.outputs["Fac"]
    # A defect outweighs the dust on it: to miss a defect is the worse mistake. Of impurities the later lies on top.
    # They count down from -1.
    for index, mask in reversed([(index, mask) for index, mask in enumerate(masks) if mask is not None]):
        free = math(tree, "COMPARE", number, 0.0, 0.5)
        on_free = math(tree, "MULTIPLY", mask, free)
        number = math(tree, "MULTIPLY_ADD", on_free, float(-1 - index), number)
    triple = tree.nodes.new("ShaderNodeCombineXYZ")
    feed(tree, triple.inputs[0], number)
    feed(tree, triple.inputs[1], math(tree, "MULTIPLY", number, number))
    feed(tree, triple.inputs[2], math(tree, "SUBTRACT", 1.0, math(tree, "COMPARE", number, 0.0, 0.5)))
    return triple.outputs["Vector"]
