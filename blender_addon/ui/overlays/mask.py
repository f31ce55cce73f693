"""The class mask of the frame that is shown, rendered beside the window once a person's hand rests."""

from __future__ import annotations

import bpy
import numpy as np

from .. import inspection, jobs, previews
from ..exr import Floats
from ..facts import clamp_frame
from ..messages import guarded
from . import classes, settings

JOB = "mask"
_WIDTH_PX = 640
OPACITY = 0.6
_PAUSE_S = 0.4
_MOST = 8

Key = tuple[str, int]

_masks: dict[Key, Floats] = {}
_asked: Key | None = None
"""The mask that was asked for last: if it did not come, it is not asked for again before another one is."""


def key(scene: bpy.types.Scene) -> Key | None:
    """What the mask of a scene depends on: its manifest and its frame; None: it has no mask."""
    opened = inspection.current
    if opened is None or not inspection.is_open(scene):
        return None
    return opened.document, clamp_frame(opened.table, scene.frame_current)


def colours(scene: bpy.types.Scene) -> Floats | None:
    """(height, width, 4) colours of the mask, the first row the lowest; None: it is not there yet, and asked for."""
    wanted = key(scene)
    if wanted is None:
        return None
    found = _masks.get(wanted)
    if found is None and wanted != _asked and not bpy.app.timers.is_registered(_request):
        bpy.app.timers.register(_request, first_interval=_PAUSE_S)
    return found


def begin(scene: bpy.types.Scene) -> None:
    """Render the mask of the frame that is shown.

    Raises:
        UserError: it cannot be rendered.
    """
    global _asked
    wanted, opened = key(scene), inspection.current
    assert wanted is not None
    assert opened is not None
    manifest = opened.table.manifest

    def keep(preview: previews.Preview) -> None:
        while len(_masks) >= _MOST:
            del _masks[next(iter(_masks))]
        painted = np.zeros((*preview.ids.shape, 4), dtype=np.float32)
        for number, color in classes.colors_of_ids(preview.labels, manifest).items():
            painted[preview.ids == number] = (*color, OPACITY)
        _masks[wanted] = np.ascontiguousarray(painted[::-1])

    _asked = wanted
    previews.begin(JOB, f"Mask of frame {wanted[1]}", scene, [wanted[1]], width_px=_WIDTH_PX, samples=1, each=keep)


def rectangles(pixels: Floats) -> tuple[Floats, Floats]:
    """The coloured pixels of a mask as rectangles, as wide as a colour goes on in its row.

    Args:
        pixels: (height, width, 4); transparent ones are left out.

    Returns:
        (6 n, 3) corners of two triangles each, the whole mask from 0 to 1; (6 n, 4) their colours.
    """
    height, width = pixels.shape[:2]
    code = np.rint(255 * pixels).astype(np.uint8).view(np.uint32)[..., 0]
    borders = np.ones((height, width + 1), dtype=bool)
    borders[:, 1:-1] = code[:, 1:] != code[:, :-1]
    rows, starts = np.nonzero(borders[:, :-1])
    ends = np.nonzero(borders[:, 1:])[1] + 1
    kept = pixels[rows, starts, 3] > 0
    rows, starts, ends = rows[kept], starts[kept], ends[kept]
    x = np.stack([starts, ends, ends, starts, ends, starts], axis=1) / width
    y = np.stack([rows, rows, rows + 1, rows, rows + 1, rows + 1], axis=1) / height
    corners = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
    return corners.astype(np.float32), np.repeat(pixels[rows, starts], 6, axis=0)


def forget() -> None:
    """Let go of all masks: what they show has changed, or nobody looks any more."""
    global _asked
    _masks.clear()
    _asked = None
    if bpy.app.timers.is_registered(_request):
        bpy.app.timers.unregister(_request)


def _request() -> None:
    scene = bpy.context.scene
    wanted = key(scene)
    if wanted is not None and wanted not in _masks and settings.shown().mask:
        guarded(lambda: begin(scene), "mask")


def state(scene: bpy.types.Scene) -> str:
    """What a person should know while there is no mask; empty: nothing."""
    wanted = key(scene)
    if wanted in _masks:
        return "" if any(_masks[wanted][..., 3].ravel()) else "Nothing is labelled in this frame"
    job = jobs.running.get(JOB)
    return "" if job is not None else "The mask is not there yet"
