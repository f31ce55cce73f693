"""Where the lamps of a light state are, seen from the surface."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.errors import ManifestError
from manifests.sampling import Table
from manifests.schema import Panel, Spot

Floats = NDArray[np.float64]


def lamp_vectors(table: Table, frame: int, points_mm: Floats, camera: dict[str, Any]) -> Floats:
    """What the lamps that burn in a frame send to points of the surface.

    A lamp counts as a point in its middle: its size is small beside its distance.

    Args:
        table: of the manifest.
        frame: whose state and whose draws.
        points_mm: (..., 3) in the scene.
        camera: its pose in the frame, ``location_mm`` and ``rotation``.

    Returns:
        (..., 3) in the camera's axes (right, up, back): towards the lamp, as long as the light that a white matt
        surface facing it sends; the sum where several burn.

    Raises:
        ManifestError: a light burns that is neither a panel nor a spot, so that it has no direction.
    """
    axes, eye_mm = np.array(camera["rotation"]), np.array(camera["location_mm"])
    total = np.zeros_like(points_mm)
    for number, light in enumerate(table.manifest.lights):
        path = f"lights[{number}]"
        if table.manifest.light_states and not table.value(f"@lit.{light.name}", frame):
            continue
        if not isinstance(light, Panel | Spot):
            raise ManifestError(
                path, f"a {light.KIND} has no direction; relief needs light states of panels and spots alone"
            )
        place, aim = np.array(light.location_mm), np.array(light.target_mm)
        if light.follow == "camera":
            place, aim = eye_mm + axes @ place, eye_mm + axes @ aim
        towards = place - points_mm
        distance = np.linalg.norm(towards, axis=-1, keepdims=True) / 1000.0
        towards /= distance * 1000.0
        ahead = (aim - place) / np.linalg.norm(aim - place)
        if isinstance(light, Panel):
            area = light.size_mm[0] * light.size_mm[1] * 1e-6
            facing = np.clip(-(towards @ ahead), 0.0, 1.0)[..., None]
            strength = table.field(f"{path}.radiance", frame) * area * facing / math.pi
        else:
            strength = table.field(f"{path}.power_w", frame) / (4 * math.pi**2)
        total += float(np.mean(light.color)) * strength / distance**2 * towards
    vectors: Floats = total @ axes
    return vectors
