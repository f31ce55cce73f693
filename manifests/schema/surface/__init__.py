"""What the part is made of, as the camera sees it."""

from .machined import Brushed, Milled, Turned
from .painted import Painted
from .polymer import Engraving, Polymer
from .region import LocalSurface, Region
from .rough import Blasted, Cast, Granular
from .sheet import Riblet
from .union import Surface

__all__ = [
    "Blasted",
    "Brushed",
    "Cast",
    "Engraving",
    "Granular",
    "LocalSurface",
    "Milled",
    "Painted",
    "Polymer",
    "Region",
    "Riblet",
    "Surface",
    "Turned",
]
