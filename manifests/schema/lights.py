"""The lights, and which of them burn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from ..errors import ManifestError
from ..fields import Asset, field, join
from .vectors import FAR_MM, Colour, Vector


def _name(default: str) -> Any:
    return field("Name, for light states.", default)


def _radiance(default: float) -> Any:
    return field("Radiance, W/(m2 sr); 1 all around a white part makes it white.", default, low=0.0, driven=True)


def _color() -> Any:
    return field("Linear RGB, multiplies radiance or power.", (1.0, 1.0, 1.0), low=0.0)


def _place(doc: str, default: Vector) -> Any:
    return field(doc, default, low=-FAR_MM, high=FAR_MM)


def _axes() -> Any:
    return field("Whose axes its places are in: those of the scene, or the camera's right, up and back.", "scene")


@dataclass(frozen=True)
class Diffuser:
    """An emitting plane between the first view's camera and the part, with a hole to look through (S0)."""

    KIND: ClassVar[str] = "diffuser"
    name: str = _name("diffuser")
    radiance: float = _radiance(1.0)
    color: Colour = _color()
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
    name: str = _name("world")
    radiance: float = _radiance(0.25)
    color: Colour = _color()


@dataclass(frozen=True)
class Panel:
    """A rectangle that shines forward."""

    KIND: ClassVar[str] = "panel"
    name: str = _name("panel")
    radiance: float = _radiance(5.0)
    color: Colour = _color()
    location_mm: Vector = _place("Where its centre is.", (0.0, 0.0, 300.0))
    target_mm: Vector = _place("What it shines at.", (0.0, 0.0, 0.0))
    size_mm: tuple[float, float] = field("Width and height.", (100.0, 100.0), above=0.0)
    follow: Literal["scene", "camera"] = _axes()

    def check(self, path: str) -> None:
        _check_aim(self.location_mm, self.target_mm, path)


@dataclass(frozen=True)
class Spot:
    """A spot light (S1)."""

    KIND: ClassVar[str] = "spot"
    name: str = _name("spot")
    power_w: float = field("Power that it would have if it shone in all directions, W.", 1.0, low=0.0, driven=True)
    color: Colour = _color()
    location_mm: Vector = _place("Where it stands.", (0.0, 0.0, 300.0))
    target_mm: Vector = _place("What it shines at.", (0.0, 0.0, 0.0))
    angle_deg: float = field("Opening angle of its cone.", 40.0, low=1.0, high=180.0)
    blend: float = field("Share of the cone over which its edge fades.", 0.15, low=0.0, high=1.0)
    radius_mm: float = field("Radius of the lamp; larger makes softer shadows.", 5.0, low=0.0)
    follow: Literal["scene", "camera"] = _axes()

    def check(self, path: str) -> None:
        _check_aim(self.location_mm, self.target_mm, path)


@dataclass(frozen=True)
class RingLight:
    """A ring around the camera's line of sight, round (S2) or of straight bars (S4: a hexagon)."""

    KIND: ClassVar[str] = "ring"
    name: str = _name("ring")
    radiance: float = _radiance(5.0)
    color: Colour = _color()
    diameter_mm: float = field(
        "Diameter in the middle of the band; of bars, that of the circle they touch.", 100.0, above=0.0
    )
    width_mm: float = field("Width of the band.", 15.0, above=0.0)
    sides: int = field("Bars that make the ring; 0: a round one.", 0, low=0, high=64)
    rotation_deg: float = field("Turn about the line of sight (S4: 90).", 0.0)
    scale: float = field("Multiplies diameter and width (S4: 2).", 1.0, above=0.0)
    distance_mm: float = field("Distance in front of the camera; 0: level with it.", 0.0, low=0.0)
    follow: Literal["scene", "camera"] = field(
        "camera: moves from view to view; scene: stays at the first view.", "camera"
    )

    def check(self, path: str) -> None:
        if self.sides in (1, 2):
            raise ManifestError(join(path, "sides"), f"must be 0 or at least 3, got {self.sides}")
        if self.width_mm > self.diameter_mm:
            raise ManifestError(join(path, "width_mm"), f"must be at most diameter_mm ({self.diameter_mm:g})")


@dataclass(frozen=True)
class Dome:
    """Even light from a cap of the sky: a dome over the part."""

    KIND: ClassVar[str] = "dome"
    name: str = _name("dome")
    radiance: float = _radiance(1.0)
    color: Colour = _color()
    opening_deg: float = field(
        "Angle of the cap from rim to rim; 180: the whole upper half.", 180.0, above=0.0, high=360.0
    )


@dataclass(frozen=True)
class Environment:
    """Light from all around as an image has it: a panorama of a hall, or of a light tent."""

    KIND: ClassVar[str] = "environment"
    image: str = field(
        "Equirectangular image, top up; its middle lies in the direction of x, y a quarter of its width left of it.",
        asset=Asset((".hdr", ".exr", ".png")),
    )
    name: str = _name("environment")
    radiance: float = field(
        "Radiance of a pixel of value 1, W/(m2 sr); PNG is read as sRGB, HDR and EXR as linear.",
        1.0,
        low=0.0,
        driven=True,
    )
    color: Colour = _color()
    rotation_deg: float = field("Turn about the scene's z, counter-clockwise seen from above.", 0.0, driven=True)


Light: TypeAlias = Diffuser | World | Panel | Spot | RingLight | Dome | Environment
FROM_OUTSIDE = (World, Dome, Environment)
"""Lights of which a scene can have one alone."""


@dataclass(frozen=True)
class LightState:
    """Which lights burn; every view is rendered once for each state."""

    name: str = field("Name of the state.")
    lights: tuple[str, ...] = field("Names of the lights that burn.")


def _check_aim(location_mm: Vector, target_mm: Vector, path: str) -> None:
    if math.dist(location_mm, target_mm) < 1e-6:
        raise ManifestError(join(path, "target_mm"), "must not be where the light stands")
