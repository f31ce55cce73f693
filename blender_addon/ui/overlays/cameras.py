"""Cameras of views as lines. No Blender in here."""

from __future__ import annotations

import numpy as np

from ...contract import schema, viewpoints
from ...geometry.coverage.seeing import Lens
from ...geometry.coverage.surface import turn
from ...geometry.nearest import Floats

_LENGTH = 0.18
"""Of the distance to the target that a camera is drawn long."""
_EDGES = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (3, 4), (4, 1), (5, 6), (6, 7), (7, 5)]
"""Of the eye, the image's corners, and a triangle above the image."""


def lines_mm(views: viewpoints.Viewpoints, camera: schema.Camera) -> Floats:
    """The cameras of v views as 11 lines each.

    Returns:
        (v, 22, 3) ends of lines, two and two: from the eye to the corners of what the image holds, its frame, and a
        triangle that points up in the image.
    """
    lens = Lens(camera)
    width, height = lens.right - lens.left, lens.top - lens.bottom
    middle, top = (lens.right + lens.left) / 2, lens.top + 0.06 * height
    local = np.array([
        (0, 0, 0),
        (lens.left, lens.bottom, -1), (lens.right, lens.bottom, -1),
        (lens.right, lens.top, -1), (lens.left, lens.top, -1),
        (middle - width / 4, top, -1), (middle + width / 4, top, -1), (middle, top + height / 4, -1),
    ])  # fmt: skip
    length = _LENGTH * np.linalg.norm(views.locations_mm - views.targets_mm, axis=1)
    axes = views.rotations @ turn(camera.tilt_deg)
    eyes = views.locations_mm + views.rotations @ np.array(camera.offset_mm)
    corners = eyes[:, None] + length[:, None, None] * np.einsum("vij,kj->vki", axes, local)
    return np.asarray(corners[:, np.array(_EDGES).ravel()])
