"""What an artist sees while an instance is built: how far it is, at the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from ..scene.build import InspectionScene

_PERCENT = 100


def show_geometry(inspection: InspectionScene, frame: int) -> None:
    """Give the part the geometry of a frame's instance; on a fine mesh with many defects that takes seconds.

    Raises:
        UserError: it cannot be built.
    """
    if inspection.shows_geometry(frame):
        return
    manager = bpy.context.window_manager
    manager.progress_begin(0, _PERCENT)
    try:
        inspection.show_geometry(frame, lambda share: manager.progress_update(_PERCENT * share))
    finally:
        manager.progress_end()
