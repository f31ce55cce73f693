"""One frame to one multilayer EXR, image and labels together, in one call of Blender; its twin to further ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from .blender_versions import write_multilayer_exr
from .contract import errors, schema
from .scene.build import InspectionScene
from .scene.region import part_region, restrict
from .scene.twin import TwinPart

_OTHER = 0x55555555
"""Bits of the seed that are turned where other paths are wanted."""


def prepare_output(scene: bpy.types.Scene) -> None:
    """Settings of the file that every frame is written to."""
    render = scene.render
    write_multilayer_exr(render.image_settings)
    render.use_file_extension = False
    render.use_overwrite = True
    render.use_compositing = render.use_sequencer = False


def render_frame(
    inspection: InspectionScene, frame: int, folder: Path, twin: TwinPart | None = None
) -> dict[str, Path]:
    """Render one frame.

    Args:
        inspection: the scene.
        frame: its number.
        folder: where the EXRs are written.
        twin: of the scene's part, where the manifest asks for twins.

    Returns:
        ``exr``: linear light in the layer ``Image``, the labels in its pass ``Labels`` or in the layer ``Labels``;
        with a twin ``twin``: the same without what that lacks; where visibility is measured ``image_again`` and
        ``twin_again``: both once more by other paths of light, with ``render.second_samples`` samples.

    Raises:
        BlenderError: nothing was written, as on a full disk.
    """
    inspection.show(frame)
    scene, render = inspection.scene, inspection.table.manifest.render
    if render.region == "part":
        restrict(scene, part_region(inspection, render.region_margin_px))
    files = {"exr": write_render(scene, folder / f"{frame:07d}.exr")}
    if twin is None:
        return files
    measured = inspection.table.manifest.measures_visibility
    if measured:
        with _other_paths(scene, render):
            files["image_again"] = write_render(scene, folder / f"{frame:07d}.image_again.exr")
    with twin.shown():
        files["twin"] = write_render(scene, folder / f"{frame:07d}.twin.exr")
        if measured:
            with _other_paths(scene, render):
                files["twin_again"] = write_render(scene, folder / f"{frame:07d}.twin_again.exr")
    return files


@contextmanager
def _other_paths(scene: bpy.types.Scene, render: schema.Render) -> Iterator[None]:
    """Other paths of light for a while, and fewer."""
    cycles = scene.cycles
    driver = scene.animation_data.drivers.find("cycles.seed")
    driver.mute = True
    seed, cycles.seed, cycles.samples = cycles.seed, cycles.seed ^ _OTHER, render.second_samples
    try:
        yield
    finally:
        cycles.seed, cycles.samples = seed, render.samples
        driver.mute = False


def write_render(scene: bpy.types.Scene, path: Path) -> Path:
    """Render what is shown into a file.

    Raises:
        BlenderError: nothing was written, as on a full disk.
    """
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    if not path.is_file() or not path.stat().st_size:
        raise errors.BlenderError(f"{path}: was not written; is the disk full?")
    return path
