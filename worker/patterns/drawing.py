"""The door to the patterns: from a manifest and a frame to light and masks."""

from __future__ import annotations

import numpy as np

from manifests.sampling import Table, locate_frame
from manifests.schema import ChessPattern, NoisePattern

from ..develop.masks import Masks
from .anomalies import Drawing
from .chess import draw_chess
from .noise import draw_noise


def draw_pattern(table: Table, frame: int) -> tuple[Drawing, Masks]:
    """Draw the pattern of a frame; its structure and its anomalies are those of the instance.

    Args:
        table: values of a manifest with a pattern.
        frame: its number.

    Returns:
        The drawing, and its masks.
    """
    manifest = table.manifest
    instance = locate_frame(manifest, frame).instance
    if isinstance(manifest.pattern, ChessPattern):
        drawing = draw_chess(table, manifest.pattern, frame, instance)
    else:
        assert isinstance(manifest.pattern, NoisePattern)
        drawing = draw_noise(table, manifest.pattern, frame, instance)
    classes = np.where(drawing.ids > 0, manifest.labels[manifest.pattern.label], 0).astype(np.uint8)
    return drawing, Masks(classes, drawing.ids)
