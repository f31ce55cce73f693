"""Fitness: why this machine should not render a run; asked before each shard, so that a bad node takes none."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from manifests.errors import UserError
from manifests.layout import DataSet

from ..blender import find_blender, headless_script
from ..blender.probe import probe
from ..storage import stored_sets
from ..storage.urls import StoreUrl
from .runs import FarmRun
from .shard_jobs import RefusedJob, allowed

TAGS_VARIABLE = "DEFECTORY_TAGS"
_SPARE_BYTES, _SPARE_SHARE = 2**30, 0.05


def hindrance(run: FarmRun) -> str:
    """Why this machine should not take shards of a run, one line; empty where it may."""
    try:
        folder = allowed(str(run.folder))
    except RefusedJob as error:
        return str(error)
    if lacking := [tag for tag in run.tags if tag not in own_tags()]:
        return f"lacks the tag {', '.join(lacking)} ({TAGS_VARIABLE})"
    if isinstance(folder, StoreUrl):
        return stored_sets.hindrance(folder) or disk_hindrance(stored_sets.cache()) or _device_hindrance(run.device)
    if not DataSet(folder).manifest_file.is_file():
        return f"does not see {folder}"
    return disk_hindrance(folder) or _device_hindrance(run.device)


def own_tags() -> tuple[str, ...]:
    """Tags of this machine, from DEFECTORY_TAGS."""
    return tuple(filter(None, (tag.strip() for tag in os.environ.get(TAGS_VARIABLE, "").split(","))))


def disk_hindrance(folder: Path) -> str:
    """Whether the disk is nearly full: less than 1 GiB left, and less than 5 % of it."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    if usage.free < min(_SPARE_BYTES, _SPARE_SHARE * usage.total):
        return f"the disk of {folder} is nearly full ({usage.free / 2**20:.0f} MiB left): free some space"
    return ""


def _device_hindrance(device: str) -> str:
    if device in ("auto", "cpu"):
        return ""
    try:
        present = _devices()
    except UserError as error:
        return str(error)
    if device in present:
        return ""
    return f"device '{device}' is not available on this machine (there is: {', '.join(present)})"


@functools.cache
def _devices() -> tuple[str, ...]:
    # Asked once, as starting Blender takes seconds; a device that goes later fails its shard, which parks the worker.
    _, devices = probe(find_blender(), headless_script().parent.parent)
    return tuple(devices)
