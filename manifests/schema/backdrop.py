"""What stands behind the part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..fields import field


@dataclass(frozen=True)
class Backdrop:
    """A plane behind the part that is transparent to the camera and black in reflections (holdout, S0)."""

    follow: Literal["camera", "scene"] = field(
        "camera: moves from view to view; scene: stays at the first view, and hides the part from views behind it.",
        "camera",
    )
    distance_mm: float | None = field(
        "Distance behind what the view looks at; nothing: twice the part's radius.", None, above=0.0
    )
    size_mm: float | None = field("Side length; nothing: ten times the part's radius.", None, above=0.0)
