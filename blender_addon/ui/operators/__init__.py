"""Operators: each reads its properties, calls one function and reports. A module for each kind of work."""

from . import export, files, frames, lists, live, photograph, presets, randomise

CLASSES = (
    *files.CLASSES,
    *export.CLASSES,
    *frames.CLASSES,
    *lists.CLASSES,
    *presets.CLASSES,
    *randomise.CLASSES,
    *live.CLASSES,
    *photograph.CLASSES,
)
