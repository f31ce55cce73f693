"""What a scene keeps of its manifest; it is saved with the file and follows undo."""

from __future__ import annotations

import bpy

KEY = "defectory"
"""Name of the group on a scene."""


class InspectionProperties(bpy.types.PropertyGroup):
    """The manifest that a scene was built from."""

    document: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Document",
        description="The manifest in canonical form, where it came from and where its prepared part lies, as JSON",
        options={"HIDDEN"},
    )
    part: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Part", description="The object whose mesh follows the instance", type=bpy.types.Object
    )


def of(scene: bpy.types.Scene) -> InspectionProperties:
    """The group of a scene."""
    return getattr(scene, KEY)  # type: ignore[no-any-return]
