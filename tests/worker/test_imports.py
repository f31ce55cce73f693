"""The worker never imports Blender, torch or the add-on beyond its geometry."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["worker.cli", "worker.jobs"])
def test_import_leaves_blender_and_torch_out(module: str) -> None:
    unwanted = ("bpy", "mathutils", "torch", "blender_addon.scene")
    code = f"import {module}, sys; print([m for m in {unwanted} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
