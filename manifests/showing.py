"""How data sets are shown to people, in a report or in Blender: the colours of classes, and which frames.

The palette and the choice are the same everywhere, so that what was seen in one place is known again in another.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from .schema import Manifest

_COLORS = ("#ff4f3d", "#35b6ff", "#ffc91f", "#3ddc84", "#d783ff", "#ff8fc6", "#14dfd0", "#c4f042")
"""Of the classes, in the order of their mask values, then again from the start; readable on paint and on black."""


def class_colors(manifest: Manifest) -> dict[str, str]:
    """Label of each class but the background and its colour, ``#rrggbb``."""
    return {name: _COLORS[(value - 1) % len(_COLORS)] for name, value in manifest.labels.items() if value}


def spread(frames: list[int], count: int, per_instance: int) -> list[int]:
    """Choose frames evenly over a data set, and over the views and light states of an instance.

    Every n-th frame alone would show one and the same view wherever n is a multiple of the views.

    Args:
        frames: to choose from, ascending.
        count: how many.
        per_instance: frames of one instance.

    Returns:
        Ascending, at most ``count``.
    """
    if len(frames) <= count:
        return list(frames)
    shown: Counter[int] = Counter()
    chosen = []
    for stratum in np.array_split(np.array(frames), count):
        middle = int(stratum[len(stratum) // 2])
        frame = min(stratum.tolist(), key=lambda f: (shown[f % per_instance], abs(f - middle)))
        shown[frame % per_instance] += 1
        chosen.append(frame)
    return chosen
