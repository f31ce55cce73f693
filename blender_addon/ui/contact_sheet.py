"""Nine frames of the data set side by side, in an image of Blender's."""

from __future__ import annotations

import bpy
import numpy as np

from ..contract import encoding, sampling, schema, showing
from . import inspection, previews
from .exr import Floats

JOB = "sheet"
IMAGE = "Contact Sheet"
_COLUMNS = 3
_TILE_PX = 240
_SAMPLES = 16
_GAP_PX = 4

frames: list[int] = []
"""Frames of the last sheet, row by row."""


def begin(scene: bpy.types.Scene) -> None:
    """Fill the sheet frame by frame while the window goes on.

    Raises:
        UserError: nothing can be rendered.
    """
    global frames
    opened = inspection.current
    assert opened is not None
    table, manifest = opened.table, opened.table.manifest
    chosen = showing.spread(list(range(manifest.frame_count)), _COLUMNS**2, manifest.frames_per_instance)
    sheet: list[Floats] = []

    def place(preview: previews.Preview) -> None:
        values = developed(preview.light, manifest, table, preview.frame)
        if not sheet:
            sheet.append(_empty(len(chosen), values.shape[0], values.shape[1]))
            _show(sheet[0])
            _fit()
        height, width = values.shape[0] + _GAP_PX, values.shape[1] + _GAP_PX
        row, column = divmod(chosen.index(preview.frame), _COLUMNS)
        sheet[0][row * height : (row + 1) * height - _GAP_PX, column * width : (column + 1) * width - _GAP_PX] = values
        _show(sheet[0])

    title = f"Contact sheet of {len(chosen)} frames"
    previews.begin(JOB, title, scene, chosen, width_px=_TILE_PX, samples=_SAMPLES, each=place)
    frames = chosen


def developed(light: Floats, manifest: schema.Manifest, table: sampling.Table, frame: int) -> Floats:
    """Pixel values (height, width, 4), 0 to 1 with straight alpha, of light: without noise, grey and backgrounds.

    Args:
        light: (height, width, 4) linear, alpha premultiplied.
        manifest, table, frame: for the output's settings and draws.
    """
    output, alpha = manifest.output, np.clip(light[..., 3:], 0, 1)
    color = light[..., :3] * np.float32(2.0 ** table.field("output.exposure_stops", frame))
    if output.flatten:
        color, alpha = color + (1 - alpha) * np.array(output.background, dtype=np.float32), np.ones_like(alpha)
    else:
        color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    return np.concatenate([encoding.encode(color, output), alpha], axis=-1)


def open_editor(context: bpy.types.Context) -> None:
    """Show the sheet: in the image editor that is open, else in a half of the 3D view."""
    image = _image(_COLUMNS * _TILE_PX, _COLUMNS * _TILE_PX) if IMAGE not in bpy.data.images else bpy.data.images[IMAGE]
    areas = [area for area in context.screen.areas if area.type == "IMAGE_EDITOR"] if context.screen else []
    if not areas and context.area is not None and context.area.type == "VIEW_3D":
        known = set(context.screen.areas)
        with context.temp_override(area=context.area):
            bpy.ops.screen.area_split(direction="VERTICAL", factor=0.45)
        areas = [area for area in context.screen.areas if area not in known]
        for area in areas:
            area.type = "IMAGE_EDITOR"
    for area in areas[:1]:
        area.spaces.active.image = image


def _fit() -> None:
    """Have the whole sheet in view where it is shown."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR" and area.spaces.active.image == bpy.data.images.get(IMAGE):
                region = next(one for one in area.regions if one.type == "WINDOW")
                with bpy.context.temp_override(window=window, area=area, region=region):
                    bpy.ops.image.view_all(fit_view=True)


def _empty(count: int, height: int, width: int) -> Floats:
    columns, rows = min(count, _COLUMNS), -(-count // _COLUMNS)
    return np.zeros((rows * (height + _GAP_PX) - _GAP_PX, columns * (width + _GAP_PX) - _GAP_PX, 4), dtype=np.float32)


def _image(width: int, height: int) -> bpy.types.Image:
    """The image, by its name: undo makes it another one."""
    image = bpy.data.images.get(IMAGE)
    if image is None:
        image = bpy.data.images.new(IMAGE, width, height, alpha=True)
        image.generated_color = (0.0, 0.0, 0.0, 0.0)
    if tuple(image.size) != (width, height):
        image.scale(width, height)
    return image


def _show(sheet: Floats) -> None:
    image = _image(sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(np.ascontiguousarray(sheet[::-1]).ravel())
    image.update()
