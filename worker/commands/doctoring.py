"""Doctoring: what rendering needs, looked at piece by piece."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.errors import UserError

from ..blender import find_blender, headless_script
from ..blender.probe import probe
from ..farm import board
from ..farm.connections import connected, shown
from ..farm.embedded_redis import redis_program
from ..processes import cores

_SPARE_GB = 2.0
_LEAST_REDIS = [6, 2]
_NUMERIC = ("numpy", "cascadio", "fast-simplification", "OpenEXR", "Pillow")
_PACKAGES = ("click", "Jinja2", "PyYAML", "redis", "rich", "rq", *_NUMERIC)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what.
        detail: what was found, or what is wrong and what to do.
        well: whether it is as it should be.
        essential: whether nothing renders without it.
    """

    subject: str
    detail: str
    well: bool = True
    essential: bool = True

    def text(self) -> str:
        """``ok     Blender    4.5.15 LTS, ...``."""
        mark = "ok" if self.well else "wrong" if self.essential else "note"
        return f"{mark:<6} {self.subject:<9} {self.detail}"


def examine(redis_url: str | None, folder: Path = Path()) -> Iterator[Finding]:
    """Look at everything in turn.

    Args:
        redis_url: Redis of a farm, None for the embedded one.
        folder: on whose disk data sets will lie.
    """
    yield Finding("Python", f"{sys.version.split()[0]} in {sys.executable}, {len(cores())} cores")
    yield _packages()
    yield from _blender()
    yield from _redis(redis_url)
    free = shutil.disk_usage(folder).free / 1e9
    advice = "" if free >= _SPARE_GB else "; a thousand pairs of 576 x 576 take about 1 GB: free some space"
    yield Finding("disk", f"{free:.1f} GB free in {folder.absolute()}{advice}", free >= _SPARE_GB, essential=False)


def _packages() -> Finding:
    missing = []
    for name in _PACKAGES:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", f"missing: {', '.join(missing)}; pip install 'defectory[worker]'", well=False)
    return Finding("packages", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES))


def _blender() -> Iterator[Finding]:
    try:
        script, blender = headless_script(), find_blender()
        version, devices = probe(blender, script.parent.parent)
    except UserError as error:
        yield Finding("Blender", str(error), well=False)
        return
    yield Finding("Blender", f"{version}, {blender.path} ({blender.origin})")
    known = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in devices.items())
    if set(devices) <= {"cpu"}:
        known += "; no GPU that Cycles can use, so the CPU renders"
    yield Finding("devices", known)


def _redis(url: str | None) -> Iterator[Finding]:
    try:
        if url is None:
            yield Finding("Redis", f"embedded: {redis_program()}")
            return
        with connected(url) as connection:
            about: Any = connection.info("all")
            version = str(about.get("redis_version", "0"))
            workers = board.workers(connection)
    except UserError as error:
        yield Finding("Redis", str(error), well=False)
        return
    if [int(digits) for digits in version.split(".")[:2]] < _LEAST_REDIS:
        yield Finding("Redis", f"{version} at {shown(url)} is too old; the farm needs 6.2", well=False)
        return
    kept = "" if about.get("aof_enabled") else "; keeps no append-only file: after a restart, 'resume' fills the queue"
    yield Finding("Redis", f"{version} at {shown(url)}{kept}")
    note = board.Board(workers=workers).note()
    ready = f"{sum(worker.works for worker in workers)} take shards"
    yield Finding("workers", note or ready, well=not note, essential=False)
