"""Patterns drawn by formula in place of a render: a frame of a manifest is the same picture whoever draws it."""

from .anomalies import Drawing
from .drawing import draw_pattern

__all__ = ["Drawing", "draw_pattern"]
