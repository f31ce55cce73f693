"""Any property drawn anew for each frame or instance: a field of the manifest, or whatever else Blender has."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import errors, fields, schema
from .. import authoring, foreign, inspection, messages
from ..messages import guarded, redraw
from ..model import parameters
from ..model.shapes import label
from ..properties import of

_KINDS = [(kind, label(kind), "") for kind in parameters.DISTRIBUTIONS]


class Randomise(bpy.types.Operator):
    """Draw this property anew for each frame or for each instance"""

    bl_idname = "defectory.randomise"
    bl_label = "Randomise with Defectory..."
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    target: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Target", description="What is drawn", options={"SKIP_SAVE"}
    )
    kind: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Distribution", description="What the values look like", items=_KINDS
    )
    scope: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Anew for Each",
        description="Whether a value holds for an instance or for a single frame",
        items=[("frame", "Frame", ""), ("instance", "Instance", "")],
    )
    low: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Low", description="Smallest value", precision=4, options={"SKIP_SAVE"}
    )
    high: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="High", description="Largest value", precision=4, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not guarded(lambda: self._guess(context.scene)):
            redraw()
            return {"CANCELLED"}
        answer: set[str] = context.window_manager.invoke_props_dialog(self)
        return answer

    def _guess(self, scene: bpy.types.Scene) -> None:
        self.low, self.high = parameters.around(*value_of(scene, self.target))

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.label(text=self.target, icon="DRIVER")
        for name in ("kind", "scope", "low", "high"):
            layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        group = of(scene).manifest
        if not guarded(lambda: value_of(scene, self.target)):
            self.report({"WARNING"}, messages.problem)
            return {"CANCELLED"}
        if self.low == self.high == 0.0:
            self._guess(scene)
        parameters.add(group, self.target, self.kind, self.low, self.high, self.scope)
        return {"FINISHED" if authoring.follow(scene) else "CANCELLED"}


class StopRandomising(bpy.types.Operator):
    """Have this property keep its value in every frame"""

    bl_idname = "defectory.stop_randomising"
    bl_label = "Stop Randomising"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    target: bpy.props.StringProperty(name="Target", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        parameters.remove(of(context.scene).manifest, self.target)
        return {"FINISHED" if authoring.follow(context.scene) else "CANCELLED"}


def value_of(scene: bpy.types.Scene, target: str) -> tuple[float, fields.FieldInfo]:
    """The number that a target holds, and what is known of its limits.

    Raises:
        ManifestError: it is gone, or is no number.
    """
    if target.startswith(schema.FOREIGN):
        owner, path, index = foreign.locate(target)
        value = owner.path_resolve(path)
        if index >= 0:
            value = value[index]
        about = fields.FieldInfo("")
    else:
        holder, name, place = fields.locate(authoring.wanted(scene), target)
        value = getattr(holder, name)
        value = value if place is None else value[place]
        about = fields.info(type(holder), name)
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise errors.ManifestError("target", f"{target.removeprefix(schema.FOREIGN)} is no single number")
    return float(value), about


def draw_in_context_menu(menu: Any, context: bpy.types.Context) -> None:
    """An entry in the menu that a right click on any property opens."""
    found = getattr(context, "property", None)
    if found is None or not inspection.is_open(context.scene):
        return
    owner, path, index = found
    if isinstance(owner, bpy.types.Scene) and path.startswith("defectory."):
        return  # the panel has buttons for the manifest's own fields
    menu.layout.separator()
    entry = menu.layout.operator(Randomise.bl_idname, icon="DRIVER")
    entry.target = foreign.target(owner, path, index)


CLASSES: tuple[Any, ...] = (Randomise, StopRandomising)
