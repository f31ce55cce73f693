"""Distances to outlines, against a square with a hole, whose distances are known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.geometry.outlines import signed_distance


def square(half: float) -> np.ndarray:
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    return np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)


FRAME = np.concatenate([square(5.0), square(2.0)[::-1, ::-1]])


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_distance_to_a_frame(x: float, y: float) -> None:
    (found,) = signed_distance(FRAME, np.array([[x, y]]))
    largest = max(abs(x), abs(y))
    if 2 < largest < 5:
        hole = np.hypot(max(abs(x) - 2, 0.0), max(abs(y) - 2, 0.0))
        assert np.isclose(found, -min(5 - largest, hole), atol=1e-9)
    elif largest < 2:
        assert np.isclose(found, 2 - largest, atol=1e-9)
    elif largest > 5:
        assert np.isclose(found, np.hypot(max(abs(x) - 5, 0.0), max(abs(y) - 5, 0.0)), atol=1e-9)
