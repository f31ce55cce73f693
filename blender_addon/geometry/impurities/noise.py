"""Noise of Blender's textures, number for number: Perlin noise, and the points of the cells of Voronoi textures.

Sources: Perlin, Improving noise (2002), with Jenkins' lookup3 (2006) in place of the table of permutations; cell points
by lookup3 of the cell's floats up to Blender 4.5, from 5.0 on by PCG (Jarzynski and Olano, Hash functions for GPU
rendering, 2020).
"""

from __future__ import annotations

from itertools import product
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats32: TypeAlias = NDArray[np.float32]
Words: TypeAlias = NDArray[np.uint32]
CellHash: TypeAlias = Literal["lookup3", "pcg"]

ALONG = (1.0, 0.7548777, 0.5698403)
"""Direction in which another draw of a texture lies."""
_ROOM = np.float32(0.9820)  # keeps the noise of three dimensions within -1 and 1


def moved(points_mm: Floats32, per_mm: float, draw: float) -> Floats32:
    """(n, 3) points (n, 3) in a texture of a frequency, where a draw places them: ``nodes.elsewhere`` in numpy."""
    shifted: Floats32 = points_mm * np.float32(per_mm) + np.array(ALONG, dtype=np.float32) * np.float32(draw)
    return shifted


def perlin(points: Floats32) -> Floats32:
    """(n,) signed Perlin noise, -1 to 1, of (n, 3) points; features have the size 1.

    It is the output of a Noise Texture of three dimensions without detail that is not normalised.
    """
    floor = np.floor(points)
    cell, inside = floor.astype(np.int32).view(np.uint32), points - floor
    fade = inside * inside * inside * (inside * (inside * np.float32(6) - np.float32(15)) + np.float32(10))
    total = np.zeros(len(points), dtype=np.float32)
    for corner in product((0, 1), repeat=3):
        step = np.array(corner)
        weight = np.where(step, fade, np.float32(1) - fade).prod(axis=1)
        total += weight * _slope(_lookup3(cell + step.astype(np.uint32)), inside - step.astype(np.float32))
    return total * _ROOM


def nearest_centre(points: Floats32, cell_hash: CellHash) -> tuple[Floats32, Floats32]:
    """The nearest centre of points in their own or a neighbour cell; cells have the side 1.

    It is a Voronoi Texture of three dimensions and full randomness.

    Args:
        points: (n, 3).
        cell_hash: by which this Blender draws a cell's centre: ``blender_versions.VORONOI_HASH``.

    Returns:
        distance: (n,) to it: the texture's distance.
        draws: (n, 3), 0 to 1, where in its cell it lies: the texture's colour.
    """
    floor = np.floor(points)
    inside = points - floor
    nearest, draws = np.full(len(points), np.inf, dtype=np.float32), np.zeros_like(points)
    for step in product((-1.0, 0.0, 1.0), repeat=3):
        cell = floor + np.array(step, dtype=np.float32)
        jitter = _unit_pcg(cell.astype(np.int32)) if cell_hash == "pcg" else _unit_lookup3(cell)
        offset = np.array(step, dtype=np.float32) + jitter - inside
        square = (offset * offset).sum(axis=1)
        draws[square < nearest] = jitter[square < nearest]
        np.minimum(nearest, square, out=nearest)
    return np.sqrt(nearest), draws


def _slope(draw: Words, offset: Floats32) -> Floats32:
    """(n,) height of one of twelve slopes at an offset (n, 3) from a corner."""
    kind = draw & np.uint32(15)
    x, y, z = offset.T
    u = np.where(kind < 8, x, y)
    v = np.where(kind < 4, y, np.where((kind == 12) | (kind == 14), x, z))
    return np.where(kind & 1, -u, u) + np.where(kind & 2, -v, v)


def _unit_lookup3(cell: Floats32) -> Floats32:
    """(n, 3) numbers from 0 to 1 of cells (n, 3)."""
    words = np.ascontiguousarray(cell + np.float32(0)).view(np.uint32)  # no negative zeros
    fourth = np.full((len(cell), 1), 1.0, dtype=np.float32)
    draws = [
        _lookup3(words),
        _lookup3(np.hstack([words, fourth.view(np.uint32)])),
        _lookup3(np.hstack([words, (fourth * 2).view(np.uint32)])),
    ]
    return np.stack(draws, axis=1).astype(np.float32) / np.float32(0xFFFFFFFF)


def _unit_pcg(cell: NDArray[np.int32]) -> Floats32:
    """(n, 3) numbers from 0 to 1 of cells (n, 3)."""
    x, y, z = (cell.view(np.uint32) * np.uint32(1664525) + np.uint32(1013904223)).T.copy()
    x += y * z
    y += z * x
    z += x * y
    # The shift keeps the sign.
    x, y, z = (word ^ (word.view(np.int32) >> 16).view(np.uint32) for word in (x, y, z))
    x += y * z
    y += z * x
    z += x * y
    draws = np.stack([x, y, z], axis=1) & np.uint32(0x7FFFFFFF)
    return draws.astype(np.float32) / np.float32(0x7FFFFFFF)


def _lookup3(words: Words) -> Words:
    """(n,) hash of (n, 3) or (n, 4) words."""
    length = words.shape[1]
    a, b, c = (np.full(len(words), 0xDEADBEEF + 4 * length + 13, dtype=np.uint32) for _ in range(3))
    a += words[:, 0]
    b += words[:, 1]
    c += words[:, 2]
    if length == 4:
        for turns in ((4, 6, 8), (16, 19, 4)):
            a = (a - c) ^ _turned(c, turns[0])
            c += b
            b = (b - a) ^ _turned(a, turns[1])
            a += c
            c = (c - b) ^ _turned(b, turns[2])
            b += a
        a += words[:, 3]
    for first, second, third in ((14, 11, 25), (16, 4, 14)):
        c = (c ^ b) - _turned(b, first)
        a = (a ^ c) - _turned(c, second)
        b = (b ^ a) - _turned(a, third)
    return (c ^ b) - _turned(b, 24)


def _turned(words: Words, bits: int) -> Words:
    return (words << np.uint32(bits)) | (words >> np.uint32(32 - bits))
