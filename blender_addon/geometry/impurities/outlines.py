"""What lies on the surface, as the search for places sees it: an oval or a rectangle that bends little."""

from __future__ import annotations

import numpy as np

from ..defects.forms import Form
from ..split import Floats


class Patch(Form):
    """An outline that changes no mesh.

    Args:
        half_mm: half of its width and of its length.
        sag_mm: how far the surface may lie off its tangent plane.
        round_: an oval in place of a rectangle.
    """

    def __init__(self, half_mm: tuple[float, float], sag_mm: float, *, round_: bool) -> None:
        self.half_mm, self.round, self.sag_mm = np.array(half_mm), round_, sag_mm
        self.reach_mm = float(self.half_mm.max() if round_ else np.linalg.norm(self.half_mm))
        self.edge_mm = 0.1 * float(self.half_mm.min())
        # Long ones fit side by side.
        self.is_line = not round_

    def levels(self, uv_mm: Floats) -> Floats:
        if self.round:
            field = (np.linalg.norm(uv_mm / self.half_mm, axis=1) - 1.0) * self.half_mm.min()
        else:
            beyond = np.abs(uv_mm) - self.half_mm
            field = np.linalg.norm(np.maximum(beyond, 0.0), axis=1) + np.minimum(beyond.max(axis=1), 0.0)
        return np.atleast_2d(field)

    def rise_mm(self, uv_mm: Floats) -> Floats:
        return np.zeros(len(uv_mm))

    def probes_mm(self) -> Floats:
        turn = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
        rim = np.column_stack([np.cos(turn), np.sin(turn)])
        if not self.round:
            rim = rim / np.abs(rim).max(axis=1, keepdims=True)
        return np.concatenate([share * rim * self.half_mm for share in (1.02, 0.7, 0.35)] + [np.zeros((1, 2))])
