"""Triangles of the part in the colours of their classes."""

from __future__ import annotations

import bpy
import numpy as np

from ...contract import schema, showing
from ...geometry.nearest import Floats
from ...scene.build import classes_of_defects
from ...scene.part import DEFECT_ATTRIBUTE

OPACITY = 0.85


def rgb(color: str) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 1, of ``#rrggbb``."""
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def colors_of_ids(labels: dict[int, str], manifest: schema.Manifest) -> dict[int, tuple[float, float, float]]:
    """Colour of each id of the part's labels that has a class in the mask."""
    colors = showing.class_colors(manifest)
    return {number: rgb(colors[label]) for number, label in labels.items() if label in colors}


def corners_m(part: bpy.types.Object, manifest: schema.Manifest) -> tuple[Floats, Floats]:
    """What of the part has a class.

    Returns:
        (3 m, 3) corners of triangles in the part's axes, metres, and (3 m, 3) their colours.
    """
    mesh = part.data
    labels = classes_of_defects(mesh) | {-1 - number: one.label for number, one in enumerate(manifest.impurities)}
    colors = colors_of_ids(labels, manifest)
    ids = np.empty(len(mesh.polygons), dtype=np.float32)
    mesh.attributes[DEFECT_ATTRIBUTE].data.foreach_get("value", ids)
    numbers = np.rint(ids).astype(np.int64)
    marked = np.flatnonzero(np.isin(numbers, list(colors)))
    places = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", places)
    corners = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    picked = places.reshape(-1, 3)[corners.reshape(-1, 3)[marked].ravel()]
    each = np.array([colors[number] for number in numbers[marked].tolist()], dtype=np.float32).reshape(-1, 3)
    return picked, np.repeat(each, 3, axis=0)
