"""One frame to one multilayer EXR, image and labels together, in one call of Blender."""

from __future__ import annotations

from pathlib import Path

import bpy

from .blender_versions import write_multilayer_exr
from .contract import errors
from .scene.build import InspectionScene


def prepare_output(scene: bpy.types.Scene) -> None:
    """Settings of the file that every frame is written to."""
    render = scene.render
    write_multilayer_exr(render.image_settings)
    render.use_file_extension = False
    render.use_overwrite = True
    render.use_compositing = render.use_sequencer = False


def render_frame(inspection: InspectionScene, frame: int, folder: Path) -> Path:
    """Render one frame.

    Args:
        inspection: the scene.
        frame: its number.
        folder: where the EXR is written.

    Returns:
        The EXR: linear light in the layer ``Image``, the labels in its pass ``Labels`` or in the layer ``Labels``.

    Raises:
        BlenderError: nothing was written, as on a full disk.
    """
    inspection.show(frame)
    path = folder / f"{frame:07d}.exr"
    inspection.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    if not path.is_file() or not path.stat().st_size:
        raise errors.BlenderError(f"{path}: was not written; is the disk full?")
    return path
