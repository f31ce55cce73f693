"""The frame that is shown, and what was drawn for it."""

from __future__ import annotations

from typing import Any

import bpy

from .. import drawing, facts, inspection
from ..operators.frames import NewDraw, NextInstance
from .base import StepPanel, root


class PreviewPanel(StepPanel, bpy.types.Panel):
    """The data set, frame by frame"""

    bl_idname = "DEFECTORY_PT_preview"
    bl_label = "Preview"
    key = "preview"

    def draw(self, context: bpy.types.Context) -> None:
        layout, opened, frame, group = self.layout, inspection.current, context.scene.frame_current, root(context)
        if opened is None:
            return
        layout.use_property_split, layout.use_property_decorate = True, False
        for name in ("name", "seed", "instances", "repeats"):
            layout.prop(group, name)
        layout.prop(context.scene, "frame_current", text="Frame")
        row = layout.row(align=True)
        row.operator(NewDraw.bl_idname, icon="FILE_REFRESH")
        row.operator(NextInstance.bl_idname, icon="FRAME_NEXT")
        shown = facts.clamp_frame(opened.table, frame)
        if shown != frame:
            last = opened.table.manifest.frame_count - 1
            drawing.message(layout, context, f"Frame {frame} is not in 0 to {last}: frame {shown} is shown")
        drawing.lines(layout, facts.describe_frame(opened.table, shown))
        drawn = facts.drawn(opened.table, shown)
        if not drawn:
            layout.label(text="The manifest draws nothing", icon="INFO")
        drawing.lines(layout, ((one.identifier, one.text) for one in drawn))


CLASSES: tuple[Any, ...] = (PreviewPanel,)
