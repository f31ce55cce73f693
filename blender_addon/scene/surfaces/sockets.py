"""The inputs of a surface's node group: one for each number of its manifest entry, named and measured as there."""

from __future__ import annotations

import dataclasses
from typing import Any

import bpy

from ...contract import fields, sampling
from ..drivers import bind, bind_vector, drive
from ..nodes import group

_UNITS = {"_per_cm2": " (1/cm2)", "_mm": " (mm)", "_deg": " (deg)"}
TEXTURE = "Texture"


def group_of(surface: Any, *outputs: str) -> tuple[bpy.types.NodeTree, Any, Any]:
    """An empty node group with the inputs of a surface; see ``nodes.group``."""
    given = {input_name(field): kind for field, kind in _numbers(surface).items()}
    results = {"Shader": "NodeSocketShader"} | dict.fromkeys(outputs, "NodeSocketVector")
    return group(surface.KIND.capitalize(), given | {TEXTURE: "NodeSocketFloat"}, results)


def bind_inputs(node: bpy.types.Node, surface: Any, table: sampling.Table, path: str) -> None:
    """Bind the inputs of a surface's node group to the fields at a path of the manifest."""
    for field, kind in _numbers(surface).items():
        put = bind if kind == "NodeSocketFloat" else bind_vector
        put(node.inputs[input_name(field)], "default_value", table, f"{path}.{field}")
    # Another texture for each instance: it is cut from another place of the noise.
    drive(node.inputs[TEXTURE], "default_value", 'param("@texture", frame)')


def input_name(field: str) -> str:
    """``relief_height_mm`` is the input ``Relief Height (mm)``."""
    for ending, unit in _UNITS.items():
        if field.endswith(ending):
            return field.removesuffix(ending).replace("_", " ").title() + unit
    return field.replace("_", " ").title()


def _numbers(surface: Any) -> dict[str, str]:
    """Type of socket of each field that a parameter may draw; the others shape the group itself."""
    kinds = {}
    for each in dataclasses.fields(surface):
        if fields.info(type(surface), each.name).driven:
            many = isinstance(getattr(surface, each.name), tuple)
            vectors = "NodeSocketColor" if each.name.endswith("color") else "NodeSocketVector"
            kinds[each.name] = vectors if many else "NodeSocketFloat"
    return kinds
