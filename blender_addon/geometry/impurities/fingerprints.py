"""Fingerprints, as the node group of the same name computes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...contract import schema
from .noise import Floats32, moved, perlin

RAGGED, RAGGED_PER_MM = 0.1, 0.16
"""How far the rim strays from the oval, in half axes, and how quickly it does."""
WAVE_MM, WAVE_PER_MM = 0.5, 0.25
"""How far ridges stray from their course, and how quickly they do."""
PATCH_PER_MM = 0.6
"""How quickly the pressure changes from patch to patch."""
ROUND = 3.0
"""Over how many mm the ridges of the loop and those below it flow together."""
FADE = 0.6
"""From which relative radius on the grease fades towards the rim."""


@dataclass(frozen=True)
class Print:
    """Where a print lies.

    Attributes:
        center_mm: (3,) middle.
        across, along: (3,) unit vectors in the surface, across the finger and along it towards its tip.
        half_mm: half axes of the oval, across and along.
        draw: 0 to 1, which places the core.
    """

    center_mm: NDArray[np.float64]
    across: NDArray[np.float64]
    along: NDArray[np.float64]
    half_mm: tuple[float, float]
    draw: float


PARTS = ("center", "across", "along")


def property_name(rank: int, number: int, part: str) -> str:
    """Name of the custom property of a mesh that holds a part of where a print lies."""
    return f"fingerprint_{rank}_{number}_{part}"


def properties(rank: int, prints: Sequence[Print]) -> dict[str, list[float]]:
    """Custom properties of a mesh, four numbers each: where the prints of the ``rank``-th such entry lie."""
    found = {}
    for number, one in enumerate(prints):
        values = ((one.center_mm, one.draw), (one.across, one.half_mm[0]), (one.along, one.half_mm[1]))
        for part, (three, fourth) in zip(PARTS, values):
            found[property_name(rank, number, part)] = [*map(float, three), float(fourth)]
    return found


def fingerprints(
    points_mm: NDArray[np.floating],
    normals: NDArray[np.floating],
    prints: Sequence[Print],
    entry: schema.Fingerprint,
    texture: float,
) -> tuple[NDArray[np.bool_], Floats32]:
    """Prints at points of the surface.

    Args:
        points_mm, normals: (n, 3), in the part's axes.
        prints: which keep clear of one another.
        entry: their numbers.
        texture: draw of the instance's texture, which the index of its entry shifts.

    Returns:
        inside: (n,) whether a point lies in a print: the mask.
        grease: (n,) how much of it there is, 0 to 1.
    """
    points = np.asarray(points_mm, dtype=np.float32)
    local = np.zeros((len(points), 2), dtype=np.float32)
    radius, draw = np.zeros(len(points), dtype=np.float32), np.zeros(len(points), dtype=np.float32)
    touched = np.zeros(len(points), dtype=bool)
    for one in prints:
        u, v, own = _in(one, points, np.asarray(normals))
        local[own] = np.stack([u, v], axis=1)[own]
        radius[own] = np.hypot(u / np.float32(one.half_mm[0]), v / np.float32(one.half_mm[1]))[own]
        draw[own] = one.draw
        touched |= own
    radius += perlin(moved(points, RAGGED_PER_MM, texture)) * np.float32(RAGGED)
    inside = touched & (radius < 1)
    pressure = perlin(moved(points, PATCH_PER_MM, texture)) * np.float32(0.5) + np.float32(0.85)
    fade = np.clip((1 - radius) / np.float32(1 - FADE), 0, 1)
    stray = perlin(moved(points, WAVE_PER_MM, texture)) * np.float32(WAVE_MM)
    ridges = 0.5 + 0.5 * np.cos(np.float32(2 * np.pi) * course_mm(local, draw, stray) / np.float32(entry.ridge_mm))
    sharp = np.clip(ridges * 2 + pressure - 1.4, 0, 1)
    smudge = np.float32(entry.smudge)
    grease = sharp * (1 - smudge) + np.clip(pressure * 0.6, 0, 1) * smudge
    return inside, np.where(inside, grease * (fade * 0.6 + 0.4), 0).astype(np.float32)


def course_mm(local_mm: Floats32, draw: Floats32, stray_mm: Floats32) -> Floats32:
    """(n,) a length whose contours are the ridges: loops over the core, arches under it, a delta where they meet.

    Args:
        local_mm: (n, 2) across and along the finger.
        draw: (n,) of the print.
        stray_mm: (n,) by how much ridges stray.
    """
    u, v = local_mm.T
    core = draw * np.float32(3) - np.float32(1)
    leaning = u + (v - core) * (draw - np.float32(0.5)) * np.float32(0.8)
    loop = np.sqrt(leaning * leaning + np.maximum(v - core, 0) ** 2)
    arch = (core - v) * np.float32(0.9) - np.float32(3.5) - u * u * np.float32(0.02)
    total = _smooth_maximum(loop, arch, np.float32(ROUND))
    return total + stray_mm


def _in(one: Print, points: Floats32, normals: NDArray[np.floating]) -> tuple[Floats32, Floats32, NDArray[np.bool_]]:
    """u and v of points, and which of them a print may touch: near its plane, on the side that it was pressed on."""
    across, along = one.across.astype(np.float32), one.along.astype(np.float32)
    outward = np.cross(across, along)
    offset = points - one.center_mm.astype(np.float32)
    u, v = offset @ across, offset @ along
    most = np.float32(1 + RAGGED)
    near = np.abs(offset @ outward) < np.float32(one.half_mm[0])
    reached = (u / np.float32(one.half_mm[0])) ** 2 + (v / np.float32(one.half_mm[1])) ** 2 < most * most
    return u, v, near & reached & (normals @ outward > 0)


def _smooth_maximum(a: Floats32, b: Floats32, over: np.float32) -> Floats32:
    """Blender's Smooth Maximum."""
    share = np.maximum(over - np.abs(a - b), 0) / over
    return np.maximum(a, b) + share**3 * over / np.float32(6)
