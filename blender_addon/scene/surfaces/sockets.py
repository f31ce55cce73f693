"""The inputs of a node group: one for each number of its manifest entry, named and measured as there."""

from __future__ import annotations

import dataclasses
from typing import Any

import bpy

from ...contract import fields, sampling
from ..drivers import bind, bind_vector, drive
from ..nodes import group

_UNITS = {"_per_cm2": " (1/cm2)", "_per_mm": " (1/mm)", "_mm": " (mm)", "_deg": " (deg)"}
TEXTURE = "Texture"


def group_of(surface: Any, *outputs: str) -> tuple[bpy.types.NodeTree, Any, Any]:
    """An empty node group with the inputs of a surface; see ``nodes.group``."""
    return group_with(surface, {"Shader": "NodeSocketShader"} | dict.fromkeys(outputs, "NodeSocketVector"))


def group_with(entry: Any, results: dict[str, str]) -> tuple[bpy.types.NodeTree, Any, Any]:
    """An empty node group with the inputs of an entry and outputs of the given types; see ``nodes.group``."""
    given = {input_name(field): kind for field, kind in _numbers(entry).items()}
    return group(entry.KIND.replace("_", " ").title(), given | {TEXTURE: "NodeSocketFloat"}, results)


def bind_inputs(node: bpy.types.Node, entry: Any, table: sampling.Table, path: str, shift: float = 0.0) -> None:
    """Bind the inputs of an entry's node group to the fields at its path of the manifest.

    ``shift`` is added to the draw of the texture, so that entries of one kind do not lie on one another.
    """
    for field, kind in _numbers(entry).items():
        put = bind if kind == "NodeSocketFloat" else bind_vector
        put(node.inputs[input_name(field)], "default_value", table, f"{path}.{field}")
    # Another texture for each instance: it is cut from another place of the noise.
    draw = 'param("@texture", frame)'
    drive(node.inputs[TEXTURE], "default_value", f"{draw} + {shift!r}" if shift else draw)


def flatten(node: bpy.types.Node, surface: Any) -> None:
    """Take relief and pattern from a surface's node group; its inputs may have been bound before."""
    for field in surface.TEXTURE:
        socket = node.inputs[input_name(field)]
        socket.driver_remove("default_value")
        socket.default_value = 0.0


def input_name(field: str) -> str:
    """``relief_height_mm`` is the input ``Relief Height (mm)``."""
    for ending, unit in _UNITS.items():
        if field.endswith(ending):
            return field.removesuffix(ending).replace("_", " ").title() + unit
    return field.replace("_", " ").title()


def _numbers(entry: Any) -> dict[str, str]:
    """Type of socket of each field that a parameter may draw; the others shape the group itself."""
    kinds = {}
    for each in dataclasses.fields(entry):
        if fields.info(type(entry), each.name).driven:
            many = isinstance(getattr(entry, each.name), tuple)
            vectors = "NodeSocketColor" if each.name.endswith("color") else "NodeSocketVector"
            kinds[each.name] = vectors if many else "NodeSocketFloat"
    return kinds
