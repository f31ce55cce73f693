"""The sidebar tab "Inspection" of the 3D view."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import bpy

from . import drivers, facts, inspection
from .operators import OpenManifest, WakeDrivers

_CHARACTER_PX = 7.0
"""Width of a character of Blender's interface font at a scale of 1, near enough to wrap lines."""


class _Inspection:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Inspection"


class _Opened(_Inspection):
    """For the panels that need an open manifest."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)


class ManifestPanel(_Inspection, bpy.types.Panel):
    bl_idname = "DEFECTORY_PT_manifest"
    bl_label = "Manifest"

    def draw(self, context: bpy.types.Context) -> None:
        layout, opened = self.layout, inspection.current
        layout.operator(OpenManifest.bl_idname, icon="FILE_FOLDER")
        for problem in filter(None, (inspection.problem, inspection.render_problem)):
            _message(layout, context, problem)
        if opened is None or not inspection.is_open(context.scene):
            return
        if not drivers.run(context.scene, opened.table):
            _message(layout, context, "The drivers do not run: the frame is not the manifest's")
            layout.operator(WakeDrivers.bl_idname, icon="DRIVER")
        _lines(layout, facts.describe_manifest(opened.table, opened.report))


class FramePanel(_Opened, bpy.types.Panel):
    bl_idname = "DEFECTORY_PT_frame"
    bl_label = "Frame"

    def draw(self, context: bpy.types.Context) -> None:
        opened, frame = inspection.current, context.scene.frame_current
        if opened is None:
            return
        self.layout.prop(context.scene, "frame_current", text="Frame")
        shown = facts.clamp_frame(opened.table, frame)
        if shown != frame:
            last = opened.table.manifest.frame_count - 1
            _message(self.layout, context, f"Frame {frame} is not in 0 to {last}: frame {shown} is shown")
        _lines(self.layout, facts.describe_frame(opened.table, shown))


class ParametersPanel(_Opened, bpy.types.Panel):
    bl_idname = "DEFECTORY_PT_parameters"
    bl_label = "Parameters"

    def draw(self, context: bpy.types.Context) -> None:
        opened = inspection.current
        if opened is None:
            return
        drawn = facts.drawn(opened.table, facts.clamp_frame(opened.table, context.scene.frame_current))
        if not drawn:
            self.layout.label(text="The manifest draws nothing", icon="INFO")
        _lines(self.layout, ((one.identifier, one.text) for one in drawn))


CLASSES = (ManifestPanel, FramePanel, ParametersPanel)


def _lines(layout: bpy.types.UILayout, lines: Iterable[tuple[str, str]]) -> None:
    column = layout.column(align=True)
    for label, text in lines:
        row = column.split(factor=0.45)
        row.label(text=label)
        row.label(text=text, translate=False)


def _message(layout: bpy.types.UILayout, context: bpy.types.Context, text: str) -> None:
    """A message of any length, broken into lines that fit the sidebar."""
    scale = context.preferences.system.ui_scale or 1.0  # 0 without a window
    width = max(20, int((context.region.width / scale - 60) / _CHARACTER_PX))
    column = layout.box().column(align=True)
    column.alert = True
    for number, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon="ERROR" if number == 0 else "BLANK1", translate=False)
