"""Finds equal rows in large arrays of coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


def equal_rows(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group the equal rows of an (n, k) array of numbers; zeros of both signs are equal.

    Returns:
        (u,) indices of the first row of each group, ascending, and (n,) the number of each row's group. Numbering by
        first appearance keeps neighbours of the file neighbours in memory, which the simplification lives on.
    """
    if not len(rows):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    hashed = _hash(rows)
    order = np.argsort(hashed)
    hashed = hashed[order]
    starts_new = np.empty(len(rows), dtype=bool)
    starts_new[0] = True
    np.not_equal(hashed[1:], hashed[:-1], out=starts_new[1:])
    del hashed
    first = np.minimum.reduceat(order, np.flatnonzero(starts_new))
    by_appearance = np.argsort(first)
    number = np.empty(len(first), dtype=np.int64)
    number[by_appearance] = np.arange(len(first))
    group = np.empty(len(rows), dtype=np.int64)
    group[order] = number[np.cumsum(starts_new) - 1]
    first = first[by_appearance]
    if not np.array_equal(rows[first[group]], rows):
        return _equal_rows_by_sorting(rows)
    return first, group


def may_hold_repeats(triangles: NDArray[np.int32]) -> bool:
    """False: certainly no two of the (m, 3) triangles have the same corners in any order. Far cheaper than finding out
    which, and the usual answer."""
    total = np.zeros(len(triangles), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for i in range(3):
            mixed = (triangles[:, i].astype(np.uint64) + np.uint64(1)) * _MIX[0]
            mixed ^= mixed >> np.uint64(32)
            mixed *= _MIX[1]
            mixed ^= mixed >> np.uint64(29)
            total += mixed
    total.sort()
    return bool((total[1:] == total[:-1]).any())


def _hash(rows: NDArray[Any]) -> NDArray[np.uint64]:
    hashed = np.zeros(len(rows), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for i in range(rows.shape[1]):
            column = np.ascontiguousarray(rows[:, i])
            if column.dtype.kind == "f":
                column = column + column.dtype.type(0)  # -0.0 has other bits than 0.0
            bits = column.view(np.uint32 if column.dtype.itemsize == 4 else np.uint64).astype(np.uint64, copy=False)
            hashed ^= bits
            hashed *= _MIX[i % 3]
            hashed ^= hashed >> np.uint64(29)
    return hashed


def _equal_rows_by_sorting(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same without a hash: slower, and only met when two different rows share 64 bits."""
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.sort(first), rank[group.reshape(-1)]
