"""The device that Cycles renders on: the one that was asked for, or none."""

from __future__ import annotations

from typing import Any

import bpy

from .contract import errors

GPUS = ("optix", "cuda", "hip", "metal", "oneapi")


def available() -> dict[str, list[str]]:
    """Names of the devices of each kind that this Blender can use here, ``cpu`` included."""
    preferences = _preferences()
    found: dict[str, list[str]] = {}
    for kind in GPUS:
        try:
            devices = preferences.get_devices_for_type(kind.upper())
        except (ValueError, TypeError):  # this build has no such back end
            continue
        names = [d.name for d in devices if d.type == kind.upper()]
        if names:
            found[kind] = names
    cpus = [d.name for d in preferences.get_devices_for_type("NONE") or () if d.type == "CPU"]
    return found | {"cpu": cpus or ["CPU"]}


def use(scene: bpy.types.Scene, kind: str) -> str:
    """Render on a kind of device.

    Args:
        scene: that is rendered.
        kind: ``cpu``, one of :data:`GPUS`, or ``auto`` for the first GPU there is, else the CPU.

    Returns:
        Kind and name, such as ``cuda: NVIDIA H200``.

    Raises:
        BlenderError: there is no such device; a farm must not render on a CPU without a word.
    """
    found = available()
    if kind == "auto":
        kind = next(k for k in (*GPUS, "cpu") if k in found)
    if kind not in found:
        raise errors.BlenderError(
            f"device '{kind}' is not available on this machine (there is: {', '.join(found)}); "
            "mend the driver, or choose another --device"
        )
    if kind == "cpu":
        scene.cycles.device = "CPU"
        return "cpu: " + found[kind][0]
    preferences = _preferences()
    preferences.compute_device_type = kind.upper()
    preferences.get_devices()
    for device in preferences.devices:
        device.use = device.type == kind.upper()
    scene.cycles.device = "GPU"
    return f"{kind}: " + ", ".join(found[kind])


def _preferences() -> Any:
    return bpy.context.preferences.addons["cycles"].preferences
