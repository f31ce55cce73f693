"""What went wrong, for the panel: a message and never a traceback in front of the artist."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import bpy

from ..contract import errors

problem = ""
"""The last thing that went wrong, for the panel; empty when all is well."""
problem_field = ""
"""The field of the manifest that it is about, as far as that is known."""
_problem_about = ""
"""What went wrong, as ``guarded`` has it."""


def guarded(action: Callable[[], object], about: str = "") -> bool:
    """Do something; what goes wrong becomes the panel's message.

    Args:
        action: what is done.
        about: what it is about, where nobody asked for it: the scene follows an edit, or a frame. When it goes well,
            only a message about the same is over; what went wrong with something that was asked for still stands.

    Returns:
        Whether it went well.
    """
    try:
        action()
    except Exception as failure:
        _say(described(failure), about, getattr(failure, "field", ""))
    else:
        if about in ("", _problem_about):
            _say("", about)
        return True
    return False


def described(failure: Exception) -> str:
    """What went wrong, in a line for the panel; a bug also goes to the console, where a report of it is copied from."""
    if isinstance(failure, errors.UserError):
        return str(failure)
    traceback.print_exception(failure)
    return f"Defectory failed ({type(failure).__name__}: {failure}); the system console has more"


def _say(text: str, about: str, field: str = "") -> None:
    global problem, problem_field, _problem_about
    problem, _problem_about, problem_field = text, about, field


def redraw() -> None:
    """Draw all windows anew: where nothing in the scene has changed, Blender would not do so by itself."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()
