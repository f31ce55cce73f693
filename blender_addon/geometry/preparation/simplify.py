"""The one call of fast-simplification, with what it leaves to its caller."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract import errors

SCALE_DIAGONAL = 1000.0
"""Diagonal of the bounding box while simplifying. The library compares errors with absolute thresholds, so that
without this a part in metres would be thinned in one coarse sweep and the same in millimetres in many fine ones."""

_one_at_a_time = threading.Lock()


def comparison_scale(diagonal: float) -> float:
    """Factor to bring a part of this diagonal near ``SCALE_DIAGONAL``; a power of two, so that scaling there and back
    changes no bit of a vertex that stays."""
    return float(2.0 ** round(np.log2(SCALE_DIAGONAL / diagonal))) if diagonal > 0.0 else 1.0


def simplify(
    points: NDArray[np.float64], triangles: NDArray[np.int32], face_count: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Reduce (m, 3) ``triangles`` over (n, 3) ``points`` to at most ``face_count``, if their connections allow it.

    Args:
        points: any unit.
        triangles: without repeated corners.
        face_count: most triangles wanted.

    Raises:
        PartError: the package fast-simplification is missing.
    """
    if len(triangles) <= face_count:
        return points, triangles
    try:
        import fast_simplification
    except ImportError:
        raise errors.PartError("decimation needs the package fast-simplification; pip install it") from None
    scale = comparison_scale(float(np.linalg.norm(points.max(axis=0) - points.min(axis=0))))
    with _one_at_a_time:  # the library keeps its mesh in static memory
        new_points, new_triangles = fast_simplification.simplify(points * scale, triangles, target_count=face_count)
    return np.asarray(new_points) / scale, without_repeated_corners(new_triangles)


def without_repeated_corners(triangles: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """(k, 3) those of the triangles that have three different corners."""
    triangles = np.asarray(triangles, dtype=np.int32).reshape(-1, 3)
    return np.asarray(triangles[(triangles != np.roll(triangles, 1, axis=1)).all(axis=1)])
