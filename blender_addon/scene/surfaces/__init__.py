"""Surfaces as node groups, a module each; their inputs are named and measured as the manifest's fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import bpy

from ...contract import fields, sampling, schema
from .blasted import blasted
from .brushed import brushed
from .cast import cast
from .granular import granular
from .milled import milled
from .painted import painted
from .polymer import polymer
from .riblet import riblet
from .sockets import bind_inputs, flatten
from .turned import turned

_GROUPS: dict[type, Callable[[Any], bpy.types.NodeTree]] = {
    schema.Painted: painted,
    schema.Polymer: polymer,
    schema.Turned: turned,
    schema.Milled: milled,
    schema.Brushed: brushed,
    schema.Blasted: blasted,
    schema.Cast: cast,
    schema.Riblet: riblet,
    schema.Granular: granular,
}


def surface_paths(manifest: schema.Manifest) -> tuple[str, ...]:
    """Paths of a manifest's surfaces, in the order of the part's materials: the part's own first."""
    return ("surface", *(f"surfaces[{i}].surface" for i in range(len(manifest.surfaces))))


def make_surface(table: sampling.Table, path: str = "surface", plain: bool = False) -> tuple[bpy.types.Material, Any]:
    """Material of a surface and the shader socket of it, which is not linked to the output yet.

    Args:
        table: of the manifest.
        path: of the surface in it.
        plain: whether it is to have neither relief nor pattern.
    """
    owner, name, _ = fields.locate(table.manifest, path)
    surface = getattr(owner, name)
    material = bpy.data.materials.new("Surface")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = _GROUPS[type(surface)](surface)
    bind_inputs(node, surface, table, path)
    if plain:
        flatten(node, surface)
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    if "Displacement" in node.outputs and surface.relief == "displacement":
        material.displacement_method = "DISPLACEMENT"
        tree.links.new(node.outputs["Displacement"], output.inputs["Displacement"])
    return material, node.outputs["Shader"]


def mesh_edge_mm(manifest: schema.Manifest) -> float | None:
    """Longest edge that the mesh may have under a manifest's surfaces; None where its own edges do."""
    return min(_edges(manifest), default=None)


def _edges(manifest: schema.Manifest) -> Iterator[float]:
    for surface in (manifest.surface, *(local.surface for local in manifest.surfaces)):
        if isinstance(surface, schema.Painted) and surface.relief == "displacement":
            yield surface.mesh_edge_mm
