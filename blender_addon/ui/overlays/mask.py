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
_OPACITY = 0.6
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
            painted[preview.ids == number] = (*color, _OPACITY)
        _masks[wanted] = painted[::-1]

    _asked = wanted
    previews.begin(JOB, f"Mask of frame {wanted[1]}", scene, [wanted[1]], width_px=_WIDTH_PX, samples=1, each=keep)


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
        guarded(lambda: begin(scene))


def state(scene: bpy.types.Scene) -> str:
    """What a person should know while there is no mask; empty: nothing."""
    wanted = key(scene)
    if wanted in _masks:
        return "" if any(_masks[wanted][..., 3].ravel()) else "Nothing is labelled in this frame"
    job = jobs.running.get(JOB)
    return "" if job is not None else "The mask is not there yet"
