"""Twins: the part once more, without what the manifest's twin lacks.

Everything that a twin can lack hangs on the part's mesh, its vertices and its materials. So a twin is a second mesh
with the triangles of the first, and to show it is to give the part that mesh.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..contract import schema
from ..geometry.defects.instances import Instance
from .build import InspectionScene
from .impurities import lay_impurities
from .impurities.stickers import make_sticker, sticker_entries
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
        table, self._twin = inspection.table, twin
        self._materials = [_material(inspection, path, twin) for path in surface_paths(table.manifest)]
        for entry in sticker_entries(table.manifest):
            self._materials.append(_finished(*make_sticker(table, f"impurities[{entry}]")))
        self._built: Instance | None = None
        self._mesh: bpy.types.Mesh | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the twin of the instance that is shown, in place of it, for a while."""
        part, built, laid = self._inspection.part, self._inspection.built, self._inspection.laid
        assert built is not None and laid is not None
        if built is not self._built:
            if self._mesh is not None:
                bpy.data.meshes.remove(self._mesh)
            entries = enumerate(self._inspection.table.manifest.impurities)
            laid = laid.without([i for i, entry in entries if self._twin.lacks("impurities", entry.label)])
            slots = self._inspection.slots(laid)
            self._built, self._mesh = built, make_mesh(built, built.twin_mm, laid, slots, self._materials)
        own = part.data
        part.data = self._mesh
        try:
            yield
        finally:
            part.data = own


def _material(inspection: InspectionScene, path: str, twin: schema.Twin) -> bpy.types.Material:
    material, shader = make_surface(inspection.table, path, twin.plain)
    shader, _ = lay_impurities(material, inspection.table, shader, twin)
    return _finished(material, shader)


def _finished(material: bpy.types.Material, shader: Any) -> bpy.types.Material:
    tree = material.node_tree
    output = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial")
    feed(tree, output.inputs["Surface"], shader)
    return material
