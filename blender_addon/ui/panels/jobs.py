"""How far work beside the window is, with the button that gives it up."""

from __future__ import annotations

from typing import Any

from .. import jobs
from ..operators.live import CancelJob

_HALF_S = 10.0
"""Where nobody knows how far a job is: seconds after which the bar is half full."""


def progress(layout: Any, kind: str) -> None:
    """A bar for a job that is under way; nothing for one that is not."""
    job = jobs.running.get(kind)
    if job is None:
        return
    row = layout.row(align=True)
    factor = 1 - 0.5 ** (job.seconds / _HALF_S) if job.progress is None else job.progress
    row.progress(factor=factor, text=f"{job.title}: {job.seconds:.0f} s")
    row.operator(CancelJob.bl_idname, text="", icon="X").kind = kind
