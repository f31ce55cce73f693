"""What a scene keeps of its manifest; it is saved with the file and follows undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from .model.groups import Groups
from .photograph import model as photograph

KEY = "defectory"
"""Name of the group on a scene."""


on_edit: list[Callable[[], None]] = []
"""Called after a person has edited a group; who follows edits puts itself here."""


def _changed(group: Any, context: Any) -> None:
    for follow in on_edit:
        follow()


GROUPS = Groups(_changed)


class InspectionProperties(bpy.types.PropertyGroup):
    """The manifest that a scene was built from, and what a person has made of it since."""

    document: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Document",
        description="The manifest in canonical form, where it came from and where its prepared part lies, as JSON",
        options={"HIDDEN"},
    )
    part: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Part", description="The object whose mesh follows the instance", type=bpy.types.Object
    )
    manifest: bpy.props.PointerProperty(type=GROUPS.root, name="Manifest")  # type: ignore[valid-type]
    photograph: bpy.props.PointerProperty(  # type: ignore[valid-type]
        type=photograph.Photograph, name="Photograph"
    )


CLASSES = (*GROUPS.classes, *photograph.CLASSES, InspectionProperties)


def of(scene: bpy.types.Scene) -> InspectionProperties:
    """The group of a scene."""
    return getattr(scene, KEY)  # type: ignore[no-any-return]
