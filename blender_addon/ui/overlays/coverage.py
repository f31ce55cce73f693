"""Coverage of the part by the views: computed beside the window, kept until views, camera or part change."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np

from ...contract import errors, fields
from ...geometry.nearest import Floats
from .. import documents, inspection, jobs
from . import settings

JOB = "coverage"
_SECTIONS = ("part", "camera", "views")


@dataclass(frozen=True)
class Judged:
    """What was found.

    Attributes:
        of: what it holds for.
        corners_mm: (m, 3, 3) triangles in the part's axes.
        colours: (m, 3), 0 to 1.
        numbers: the verdict, as ``coverage_process`` names it.
    """

    of: str
    corners_mm: Floats
    colours: Floats
    numbers: dict[str, float]


judged: Judged | None = None


def key(scene: bpy.types.Scene) -> str:
    """What coverage depends on; empty where nothing is open."""
    opened = inspection.current
    return "" if opened is None or not inspection.is_open(scene) else _key(opened.document)


@lru_cache(maxsize=1)  # asked for with each drawing
def _key(document: str) -> str:
    data = json.loads(document)
    return json.dumps([data["part"], *(data["manifest"][name] for name in _SECTIONS)], sort_keys=True)


def current(scene: bpy.types.Scene) -> Judged | None:
    """The verdict on the views as they are; None: they were not judged since they changed."""
    return judged if judged is not None and judged.of == key(scene) else None


def begin(scene: bpy.types.Scene) -> None:
    """Judge the views beside the window, and show the result.

    Raises:
        UserError: the prepared part is not at hand, or no process can be started.
    """
    from ..prepared import find_part

    opened = inspection.current
    found = find_part(documents.stored_part(scene), bpy.data.filepath)
    if opened is None or found is None:
        raise errors.PartError("The prepared part is not at hand; open the manifest again")
    scratch = tempfile.TemporaryDirectory(prefix="defectory-")
    out, wanted = Path(scratch.name) / "coverage.npz", key(scene)
    task = {"manifest": fields.to_dict(opened.table.manifest), "part": str(found.stored), "out": str(out)}
    jobs.begin_task(JOB, "Coverage of the views", "coverage_process", task, lambda: _take(wanted, out), scratch)


def forget() -> None:
    """Let go of the verdict."""
    global judged
    judged = None


def _take(of: str, out: Path) -> None:
    global judged
    with np.load(out) as stored:
        numbers = {name: float(stored[name]) for name in stored.files if name not in ("corners", "colours")}
        judged = Judged(of, stored["corners"], stored["colours"], numbers)
    settings.shown().coverage = True
