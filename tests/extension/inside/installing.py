"""The zip installed, enabled, disabled and enabled again; where its modules come from."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import bpy

from .addon import disable, enable, module, registered


def install(archive: str) -> None:
    """Install the zip for good, not enabled yet."""
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=False)


def enabling(manifest: str) -> dict[str, Any]:
    """Enable, use, disable, and all of it again."""
    facts: dict[str, Any] = {"before": registered()}
    for turn in ("first", "second"):
        loaded = set(sys.modules)
        facts[f"{turn}_seconds"] = enable()
        facts[f"{turn}_loaded"] = sorted({name.split(".")[0] for name in set(sys.modules) - loaded})
        facts[f"{turn}_registered"] = registered()
        facts[f"{turn}_result"] = list(bpy.ops.defectory.open_manifest(filepath=manifest))
        facts[f"{turn}_used"] = registered()
        disable()
        facts[f"{turn}_left"] = registered()
    return facts


def origins(manifest: str) -> dict[str, Any]:
    """Where the modules that are at work come from."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    names = ["numpy", "yaml", "fast_simplification", "cascadio"]
    return {
        "files": {name: importlib.import_module(name).__file__ for name in names},
        "contract": module("contract").schema.__name__,
        "strays": [name for name in sys.modules if name.split(".")[0] in ("manifests", "blender_addon", "worker")],
        "problem": module("ui.messages").problem,
    }
