"""What works beside the window: contact sheet and coverage, begun and cancelled."""

from __future__ import annotations

from typing import Any

import bpy

from .. import authoring, contact_sheet, inspection, jobs, messages
from ..messages import guarded, redraw
from ..overlays import coverage


class _Opened:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)


class ContactSheet(_Opened, bpy.types.Operator):
    """Render nine frames of the data set in small, beside the window, into an image editor"""

    bl_idname = "defectory.contact_sheet"
    bl_label = "Contact Sheet"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        def go() -> None:
            authoring.synchronise(context.scene)
            contact_sheet.begin(context.scene)
            contact_sheet.open_editor(context)

        if not guarded(go):
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        return {"FINISHED"}


class ComputeCoverage(_Opened, bpy.types.Operator):
    """Judge the views, beside the window: how finely they resolve the part, and what they miss"""

    bl_idname = "defectory.compute_coverage"
    bl_label = "Compute Coverage"

    def execute(self, context: bpy.types.Context) -> set[str]:
        def go() -> None:
            authoring.synchronise(context.scene)
            coverage.begin(context.scene)

        if not guarded(go):
            self.report({"WARNING"}, messages.problem)
            redraw()
            return {"CANCELLED"}
        return {"FINISHED"}


class CancelJob(bpy.types.Operator):
    """Give up what works beside the window"""

    bl_idname = "defectory.cancel_job"
    bl_label = "Cancel"

    kind: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Kind", description="Which job", options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs.cancel(self.kind)
        redraw()
        return {"FINISHED"}


CLASSES: tuple[Any, ...] = (ContactSheet, ComputeCoverage, CancelJob)
