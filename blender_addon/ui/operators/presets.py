"""Presets applied, faces chosen by hand."""

from __future__ import annotations

from typing import Any

import bpy

from .. import authoring, documents, inspection, messages, presets, selection
from ..messages import guarded, redraw


class _Preset:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)


class ApplyRig(_Preset, bpy.types.Operator):
    """Take the views, lights and backdrop of a known rig, in proportion to the part"""

    bl_idname = "defectory.apply_rig"
    bl_label = "Rig Preset"

    name: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Rig", items=[(key, title, make.__doc__ or "") for key, (title, make) in presets.RIGS.items()]
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        radius_mm = documents.radius_mm(context.scene)
        fields = presets.RIGS[self.name][1](radius_mm)
        return {"FINISHED" if authoring.replace(context.scene, fields) else "CANCELLED"}


class ApplySurface(_Preset, bpy.types.Operator):
    """Take a known surface for the part"""

    bl_idname = "defectory.apply_surface"
    bl_label = "Surface Preset"

    name: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Surface", items=[(key, title, "") for key, (title, _) in presets.SURFACES.items()]
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        fields = {"surface": presets.SURFACES[self.name][1]}
        return {"FINISHED" if authoring.replace(context.scene, fields) else "CANCELLED"}


class SurfaceOnSelection(_Preset, bpy.types.Operator):
    """Give the faces that are selected on the part a surface of their own"""

    bl_idname = "defectory.surface_on_selection"
    bl_label = "Surface on Selected Faces"

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not guarded(
            lambda: authoring.add_surface(context.scene, selection.region(*inspection.shown_part(context.scene)))
        ):
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        return {"FINISHED" if authoring.follow(context.scene) else "CANCELLED"}


CLASSES: tuple[Any, ...] = (ApplyRig, ApplySurface, SurfaceOnSelection)
