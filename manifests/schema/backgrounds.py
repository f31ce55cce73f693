"""Distractor backgrounds: what is laid behind the part when an image is developed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from ..distributions import Number
from ..fields import Asset, field
from .vectors import Colour


def _darkest() -> Any:
    return field("Least linear RGB; colours are drawn between it and `brightest`.", (0.0, 0.0, 0.0), low=0.0, high=1.0)


def _brightest() -> Any:
    return field("Greatest linear RGB.", (1.0, 1.0, 1.0), low=0.0, high=1.0)


@dataclass(frozen=True)
class Gradients:
    """From one colour to another along a line, each drawn."""

    KIND: ClassVar[str] = "gradients"
    darkest: Colour = _darkest()
    brightest: Colour = _brightest()


@dataclass(frozen=True)
class Polygons:
    """Polygons of three to seven corners one over the other, each of one colour, before a colour of their own."""

    KIND: ClassVar[str] = "polygons"
    count: Number = field("Polygons in an image; rounded to a whole number.", 20.0, low=0.0, high=1000.0)
    size: Number = field("Diameter of a polygon, over the image's longer side.", 0.3, above=0.0, high=10.0)
    darkest: Colour = _darkest()
    brightest: Colour = _brightest()


@dataclass(frozen=True)
class Clouds:
    """Soft noise of all sizes between two colours."""

    KIND: ClassVar[str] = "clouds"
    size: Number = field("Diameter of the largest spots, over the image's longer side.", 0.3, above=0.0, high=10.0)
    darkest: Colour = _darkest()
    brightest: Colour = _brightest()


@dataclass(frozen=True)
class Photographs:
    """Images from a folder: each frame takes one, of that a piece, and mirrors it or not."""

    KIND: ClassVar[str] = "photographs"
    folder: str = field(
        "Folder of PNG or JPEG files below that of the manifest; they are copied into the data set.",
        asset=Asset((".png", ".jpg", ".jpeg"), folder=True),
    )
    piece: Number = field(
        "Size of the piece that is shown, over the largest of the image's shape.", 1.0, above=0.0, high=1.0
    )
    gain: Number = field("What its linear light is multiplied by.", 1.0, low=0.0, high=1000.0)


Background: TypeAlias = Gradients | Polygons | Clouds | Photographs
