"""Doctoring: what rendering needs, looked at piece by piece."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.errors import BlenderError, UserError

from .blender import MARK, Blender, find_blender, headless_script
from .embedded_redis import redis_program
from .farm import board
from .farm.connections import connected, shown
from .farm.local import core_count

_PROBE_SECONDS = 120
_SPARE_GB = 2.0
_LEAST_REDIS = [6, 2]
_NUMERIC = ("numpy", "cascadio", "fast-simplification", "OpenEXR", "Pillow")
_PACKAGES = ("click", "Jinja2", "PyYAML", "redis", "rich", "rq", *_NUMERIC)

# Runs inside Blender, which this process never imports; it ends at once because bpy's own way out can hang.
_PROBE = """
import json, os, sys
sys.path.insert(0, {root!r})
import bpy
from blender_addon import devices
print("\\nDEFECTORY " + json.dumps([bpy.app.version_string, devices.available()]), flush=True)
os._exit(0)
"""


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
    yield Finding("Python", f"{sys.version.split()[0]} in {sys.executable}, {core_count()} cores")
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


def probe(blender: Blender, root: Path) -> tuple[str, dict[str, list[str]]]:
    """Version of a Blender, and names of the devices that it can render on, by kind.

    Args:
        blender: to ask.
        root: folder that holds ``blender_addon``.

    Raises:
        BlenderError: it does not start or does not answer.
    """
    code = _PROBE.format(root=str(root))
    words = ["-c", code] if blender.kind == "module" else ["-b", "--factory-startup", "--python-expr", code]
    try:
        done = subprocess.run(
            [blender.path, *words], capture_output=True, stdin=subprocess.DEVNULL, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BlenderError(f"{blender.path}: does not run: {' '.join(str(error).split())[:200]}") from None
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            with contextlib.suppress(ValueError, TypeError):
                version, devices = json.loads(line[len(MARK) :])
                return str(version), dict(devices)
    words = done.stderr.decode(errors="replace").strip().splitlines() or ["it printed nothing"]
    raise BlenderError(f"{blender.path}: is no Blender that works (exit code {done.returncode}): {words[-1][:200]}")


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
