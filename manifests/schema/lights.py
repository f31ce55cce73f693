"""The lights, and which of them burn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ..fields import field
from .vectors import Colour


@dataclass(frozen=True)
class Diffuser:
    """An emitting plane between the first view's camera and the part, with a hole to look through (S0)."""

    KIND: ClassVar[str] = "diffuser"
    name: str = field("Name, for light states.", "diffuser")
    radiance: float = field(
        "Radiance of the plane, W/(m2 sr); 1 on a white part facing it all around gives white.",
        1.0,
        low=0.0,
        driven=True,
    )
    color: Colour = field("Linear RGB, multiplies the radiance.", (1.0, 1.0, 1.0), low=0.0)
    distance_mm: float | None = field(
        "Distance from what the view looks at; nothing: two thirds of the way to the camera.", None, above=0.0
    )
    size_mm: tuple[float, float] | None = field(
        "Width and height; nothing: square, as wide as it is distant.", None, above=0.0
    )
    hole_diameter_mm: float | None = field("Diameter of the camera hole; nothing: a fifth of the width.", None, low=0.0)
    follow: Literal["scene", "camera"] = field(
        "scene: stays at the first view; camera: moves from view to view.", "scene"
    )


@dataclass(frozen=True)
class World:
    """Constant light from everywhere: the walls of the box (S0)."""

    KIND: ClassVar[str] = "world"
    name: str = field("Name, for light states.", "world")
    radiance: float = field("Radiance, W/(m2 sr).", 0.25, low=0.0, driven=True)
    color: Colour = field("Linear RGB, multiplies the radiance.", (1.0, 1.0, 1.0), low=0.0)


Light: TypeAlias = Diffuser | World


@dataclass(frozen=True)
class LightState:
    """Which lights burn; every view is rendered once for each state."""

    name: str = field("Name of the state.")
    lights: tuple[str, ...] = field("Names of the lights that burn.")
