"""Simplifies tens of millions of triangles: cuts them into boxes, thins each in a process, joins, and thins again."""

from __future__ import annotations

import math
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ...contract import errors
from ..child import python_executable, run_python
from ..welding import equal_rows
from .simplify import comparison_scale, simplify, without_repeated_corners

PIECE_FACES = 1_500_000
"""Most triangles of a piece: about 0.6 GB in fast-simplification."""
SLACK = 6
"""The pieces together keep this many times the budget. The last pass, over the joined surface, spends it where the part
needs it and wears away the borders, which the pieces had to leave untouched to fit together again."""

# Nothing of this package: inside an extension it cannot be imported from another process.
_CHILD = """
import numpy, fast_simplification
folder, count = sys.argv[1], int(sys.argv[2])
points, triangles = numpy.load(folder + "/points.npy"), numpy.load(folder + "/triangles.npy")
points, triangles = fast_simplification.simplify(points, triangles, target_count=count, preserve_border=True)
numpy.save(folder + "/points.npy", points)
numpy.save(folder + "/triangles.npy", triangles)
"""

Surface = tuple[NDArray[np.float64], NDArray[np.int32]]


def simplify_in_pieces(
    points: NDArray[np.float64], triangles: NDArray[np.int32], face_count: int, *, piece_faces: int = PIECE_FACES
) -> Surface:
    """Reduce (m, 3) ``triangles`` over (n, 3) ``points`` to at most ``face_count`` in bounded memory.

    The result does not depend on the number of processor cores.
    """
    share = SLACK * face_count / len(triangles)
    if share >= 1.0 or python_executable() is None:
        return simplify(points, triangles, face_count)
    scale = comparison_scale(float(np.linalg.norm(points.max(axis=0) - points.min(axis=0))))
    pieces = cut_into_boxes(points, triangles, piece_faces)
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        thinned = list(pool.map(lambda piece: _thin_piece(points, triangles[piece], share, scale), pieces))
    del pieces
    return simplify(*_join(thinned), face_count)


def cut_into_boxes(
    points: NDArray[np.float64], triangles: NDArray[np.int32], piece_faces: int
) -> list[NDArray[np.int32]]:
    """Split triangles at quantiles of their first corners until no box holds more than ``piece_faces``.

    Returns:
        For each box the (k,) indices of its triangles, ascending: the order of the file keeps neighbours together.
    """
    columns = [points[:, axis].astype(np.float32)[triangles[:, 0]] for axis in range(3)]
    finished: list[NDArray[np.int32]] = []
    waiting = [np.arange(len(triangles), dtype=np.int32)]
    while waiting:
        indices = waiting.pop()
        if len(indices) <= piece_faces:
            finished.append(indices)
            continue
        # A sample finds the cut well enough: the pieces need not be equal, only small enough.
        sample = indices[:: max(1, len(indices) // 100_000)]
        axis = int(np.argmax([np.ptp(column[sample]) for column in columns]))
        parts = math.ceil(len(indices) / piece_faces)
        lower = columns[axis][indices] < np.quantile(columns[axis][sample], (parts // 2) / parts)
        if not lower.any() or lower.all():  # all in one place: any cut is as good
            lower = np.arange(len(indices)) < len(indices) // 2
        waiting += [indices[~lower], indices[lower]]
    return finished


def _thin_piece(points: NDArray[np.float64], triangles: NDArray[np.int32], share: float, scale: float) -> Surface:
    used, corners = np.unique(triangles, return_inverse=True)
    with tempfile.TemporaryDirectory(prefix="defectory-") as folder:
        np.save(f"{folder}/points.npy", points[used] * scale)
        np.save(f"{folder}/triangles.npy", corners.reshape(-1, 3).astype(np.int32))
        status, output = run_python(_CHILD, [folder, str(max(4, round(share * len(triangles))))])
        if status != 0:
            reason = "out of memory" if status == -9 else (output.strip().splitlines() or ["no message"])[-1]
            raise errors.PartError(
                f"decimation failed with status {status} ({reason}); free memory or raise the budget"
            )
        return np.load(f"{folder}/points.npy") / scale, without_repeated_corners(np.load(f"{folder}/triangles.npy"))


def _join(pieces: list[Surface]) -> Surface:
    """One surface again: vertices on the cuts are bit for bit the same on both sides."""
    rows = np.concatenate([points for points, _ in pieces])
    first, group = equal_rows(rows)
    offsets = np.cumsum([0] + [len(points) for points, _ in pieces[:-1]])
    corners = np.concatenate([triangles + offset for (_, triangles), offset in zip(pieces, offsets, strict=True)])
    joined = group[corners].astype(np.int32)
    return rows[first], without_repeated_corners(joined)
