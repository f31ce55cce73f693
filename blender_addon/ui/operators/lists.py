"""Items of the manifest's lists: added, removed, moved."""

from __future__ import annotations

from typing import Any

import bpy

from .. import authoring, inspection
from ..model import lists
from ..properties import of


class _List:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="List", description="Path of the list in the properties", options={"HIDDEN", "SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def _done(self, context: bpy.types.Context) -> set[str]:
        # What is not right yet, such as a name still to be given, is said in the panel; the item is there.
        authoring.follow(context.scene)
        return {"FINISHED"}


class AddItem(_List, bpy.types.Operator):
    """Add an item to the list"""

    bl_idname = "defectory.add_item"
    bl_label = "Add"

    kind: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Kind", description="Which of its kinds the item is", options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        lists.add(of(context.scene).manifest, self.path, self.kind)
        return self._done(context)


class RemoveItem(_List, bpy.types.Operator):
    """Remove the item that is chosen in the list"""

    bl_idname = "defectory.remove_item"
    bl_label = "Remove"

    index: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Item", description="Number of the item; -1: the chosen one", default=-1, options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        lists.remove(of(context.scene).manifest, self.path, self.index)
        return self._done(context)


class MoveItem(_List, bpy.types.Operator):
    """Move the chosen item up or down the list"""

    bl_idname = "defectory.move_item"
    bl_label = "Move"

    step: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Step", description="-1: up; 1: down", default=1, options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        lists.move(of(context.scene).manifest, self.path, self.step)
        return self._done(context)


class CopyItem(_List, bpy.types.Operator):
    """Add a copy of the chosen item to the list"""

    bl_idname = "defectory.copy_item"
    bl_label = "Copy"

    def execute(self, context: bpy.types.Context) -> set[str]:
        lists.duplicate(of(context.scene).manifest, self.path)
        return self._done(context)


CLASSES: tuple[Any, ...] = (AddItem, RemoveItem, MoveItem, CopyItem)
