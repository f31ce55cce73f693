"""Twins: the part once more, without what the manifest's twin lacks.

Everything that a twin can lack hangs on the part's mesh, its vertices and its materials. So a twin is a second mesh
with the triangles of the first, and to show it is to give the part that mesh.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..contract import schema
from ..geometry.defects.instances import Instance
from .build import InspectionScene
from .impurities import lay_impurities
from .nodes import feed
from .part import make_mesh
from .surfaces import make_surface, surface_paths


class TwinPart:
    """The twin of a scene's part.

    Args:
        inspection: the scene.
        twin: what it lacks.
    """

    def __init__(self, inspection: InspectionScene, twin: schema.Twin) -> None:
        self._inspection = inspection
        self._materials = [_material(inspection, path, twin) for path in surface_paths(inspection.table.manifest)]
        self._built: Instance | None = None
        self._mesh: bpy.types.Mesh | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the twin of the instance that is shown, in place of it, for a while."""
        part, built = self._inspection.part, self._inspection.built
        assert built is not None
        if built is not self._built:
            if self._mesh is not None:
                bpy.data.meshes.remove(self._mesh)
            surfaces = self._inspection.surfaces[built.parents]
            self._built, self._mesh = built, make_mesh(built, built.twin_mm, surfaces, self._materials)
        own = part.data
        part.data = self._mesh
        try:
            yield
        finally:
            part.data = own


def _material(inspection: InspectionScene, path: str, twin: schema.Twin) -> bpy.types.Material:
    material, shader = make_surface(inspection.table, path, twin.plain)
    shader, _ = lay_impurities(material, inspection.table, shader, twin)
    tree = material.node_tree
    output = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial")
    feed(tree, output.inputs["Surface"], shader)
    return material
