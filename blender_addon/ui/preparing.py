"""The part is prepared by a process of its own, so that the window never waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..contract import fields, schema
from . import jobs

JOB = "part"


def begin(part: schema.Part, home: Path, then: Callable[[], object], about: str = "") -> None:
    """Prepare a part in the background; what is under way already is given up.

    Args:
        part: of the manifest.
        home: folder of the manifest.
        then: called when the part is there.
        about: what its failure is about, as ``guarded`` takes it.
    """
    from .prepared import own_folder

    task = {"part": fields.to_dict(part), "home": str(home), "own": str(own_folder())}
    jobs.begin_task(JOB, f"Preparing {Path(part.file).name}", "prepare_process", task, then)
    jobs.running[JOB].about = about
