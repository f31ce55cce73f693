"""``param`` in Blender's window: given to drivers, taken away, given back to drivers that failed without it."""

from __future__ import annotations

import bpy
import numpy as np

from ..contract import sampling
from .facts import clamp_frame

_NAME = "param"


def install(table: sampling.Table) -> None:
    """Make ``param`` known to all drivers.

    Beyond the ends of the manifest it gives the first and the last frame: Blender switches a driver off for good when
    its expression fails once, and scrubbing past the end is no mistake.
    """
    bpy.app.driver_namespace[_NAME] = lambda name, frame: table.value(name, clamp_frame(table, int(frame)))


def installed() -> bool:
    """Whether drivers know ``param``."""
    return _NAME in bpy.app.driver_namespace


def uninstall() -> None:
    """Forget ``param``."""
    bpy.app.driver_namespace.pop(_NAME, None)


def run(scene: bpy.types.Scene, table: sampling.Table) -> bool:
    """Whether drivers have given the scene its values.

    Blender's auto-run setting is no hindrance: it lets simple expressions pass that call what an add-on has put into
    the namespace of drivers (seen in Blender 4.3 with auto-run forbidden).
    """
    wanted = table.value("@seed", clamp_frame(table, scene.frame_current))
    # Drivers reckon in 32-bit floats.
    return bool(np.isclose(scene.cycles.seed, wanted, rtol=1e-6))
