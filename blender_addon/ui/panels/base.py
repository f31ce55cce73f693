"""What all panels share: where they stand, when they show, and the mark of how far their step is."""

from __future__ import annotations

from typing import Any

import bpy

from ...contract import schema
from .. import foreign, inspection, messages, steps
from ..drawing import Fields
from ..properties import of

_ICONS = {"done": "CHECKMARK", "open": "RADIOBUT_OFF", "wrong": "ERROR"}


class Inspection:
    """A panel of the tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Inspection"


class StepPanel(Inspection):
    """A step of the work; shown once an inspection is open.

    Attributes:
        key: of the step.
    """

    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012
    key = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return inspection.is_open(context.scene)

    def draw_header(self, context: bpy.types.Context) -> None:
        step = next(one for one in steps.STEPS if one.key == self.key)
        opened = inspection.current
        manifest = opened.table.manifest if opened is not None else None
        gone = any(
            p.target.startswith(schema.FOREIGN) and not foreign.exists(p.target)
            for p in (manifest.parameters if manifest else ())
        )
        mark = steps.state(
            step, manifest, messages.problem_field, exported=inspection.exported(context.scene), gone=gone
        )
        self.layout.label(text="", icon=_ICONS[mark])  # type: ignore[attr-defined]


def root(context: bpy.types.Context) -> Any:
    """Properties of the manifest that is open."""
    return of(context.scene).manifest


def fields_of(context: bpy.types.Context) -> Fields:
    """Draws those properties."""
    return Fields(root(context))
