"""What a Blender says of itself: that it works, its version, the devices it can render on."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

from manifests.errors import BlenderError

from . import MARK, Blender, scratch_environment

_PROBE_SECONDS = 120

# Runs inside Blender, which this process never imports; it ends at once because bpy's own way out can hang.
_PROBE = """
import json, os, sys
sys.path.insert(0, {root!r})
import bpy
from blender_addon import devices
print("\\nDEFECTORY " + json.dumps([bpy.app.version_string, devices.available()]), flush=True)
os._exit(0)
"""


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
        with tempfile.TemporaryDirectory(prefix="defectory-") as scratch:
            done = subprocess.run(
                [blender.path, *words],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env=scratch_environment(Path(scratch)),
                timeout=_PROBE_SECONDS,
                check=False,
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
