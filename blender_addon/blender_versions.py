"""What differs between Blender 4.2 and 5.2; nothing else asks for a version."""

from __future__ import annotations

from typing import Literal

import bpy
import gpu

VORONOI_HASH: Literal["lookup3", "pcg"] = "pcg" if bpy.app.version >= (5, 0, 0) else "lookup3"
"""By which Voronoi textures place their points."""


def write_multilayer_exr(settings: bpy.types.ImageFormatSettings) -> None:
    """Make renders one multilayer EXR of 32-bit floats, compressed without loss."""
    if hasattr(settings, "media_type"):  # Blender 5.0 sorts the formats by medium
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth = "32"
    settings.exr_codec = "ZIP"


def light_shader() -> gpu.types.GPUShader:
    """A shader for drawing over a view what a texture holds as linear light, with uniforms ``image`` and ``color``.

    Before it had a name of its own (5.0), the graphics card itself turned light into what a screen takes.
    """
    try:
        return gpu.shader.from_builtin("IMAGE_COLOR_SCENE_LINEAR_TO_REC709_SRGB")
    except ValueError:
        return gpu.shader.from_builtin("IMAGE_COLOR")


def describe() -> str:
    """Version and build of this Blender, as pairs carry it."""
    build = bpy.app.build_hash
    return f"{bpy.app.version_string} ({build.decode() if isinstance(build, bytes) else build})"
