"""Preferences of the extension: where and with what data sets are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

PACKAGE = __package__.rpartition(".ui")[0]
"""Name of the extension, as Blender knows it."""
_DEVICES = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")


@dataclass(frozen=True)
class Settings:
    """What the preferences say; the defaults hold where the extension has none, as when it runs from a checkout."""

    command: str = "defectory"
    redis_url: str = ""
    output_folder: str = ""
    blender: str = ""
    device: str = "auto"


class DefectoryPreferences(bpy.types.AddonPreferences):
    """Where and with what data sets are rendered"""

    bl_idname = PACKAGE

    command: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Command",
        description="The command 'defectory', as a shell finds it, or its path: .venv/bin/defectory of a checkout",
        default=Settings.command,
        subtype="FILE_PATH",
    )
    redis_url: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Redis of the Farm",
        description="URL that manifests are submitted to, redis://HOST:6379; empty: there is no farm",
    )
    output_folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Output Folder",
        description="Folder that holds the data sets, one folder each; empty: the folder 'data' beside the manifest",
        subtype="DIR_PATH",
    )
    blender: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Blender for Rendering",
        description="Program that renders; empty: the one that the command finds, which the farm uses as well",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What Cycles renders on",
        items=[(one, one.upper() if one != "auto" else "Auto", "") for one in _DEVICES],
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        for name in self.__annotations__:
            layout.prop(self, name)


def settings() -> Settings:
    """What the preferences say now."""
    addon = bpy.context.preferences.addons.get(PACKAGE)
    if addon is None or addon.preferences is None:
        return Settings()
    return Settings(**{name: getattr(addon.preferences, name) for name in Settings.__dataclass_fields__})


CLASSES: tuple[Any, ...] = (DefectoryPreferences,)
