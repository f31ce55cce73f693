"""What went wrong, for the panel: a message and never a traceback in front of the artist."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import bpy

from ..contract import errors
from . import inspection


def guarded(action: Callable[[], object]) -> bool:
    """Do something; what goes wrong becomes the panel's message.

    Returns:
        Whether it went well.
    """
    inspection.problem_field = ""
    try:
        action()
    except errors.UserError as mistake:
        inspection.problem = str(mistake)
        inspection.problem_field = getattr(mistake, "field", "")
    except Exception as bug:
        traceback.print_exc()  # for the console, where a report of the bug can be copied from
        inspection.problem = f"Defectory failed ({type(bug).__name__}: {bug}); the system console has more"
    else:
        inspection.problem = ""
        return True
    return False


def redraw() -> None:
    """Draw all windows anew: where nothing in the scene has changed, Blender would not do so by itself."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()
