"""Painted prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...fields import field
from ..vectors import Colour


@dataclass(frozen=True)
class Painted:
    """A printed, rough, glossily painted surface (S0): Perlin noise in relief, no paint in the deepest crevices."""

    KIND: ClassVar[str] = "painted"
    TEXTURE: ClassVar[tuple[str, ...]] = ("relief_height_mm", "crevice_level")
    color: Colour = field("Linear RGB of the paint.", (0.8, 0.79, 0.76), low=0.0, high=1.0, driven=True)
    crevice_color: Colour = field(
        "Linear RGB of the crevices that the paint does not reach.", (0.12, 0.11, 0.1), low=0.0, high=1.0, driven=True
    )
    crevice_level: float = field(
        "Noise value (0 to 1) below which the paint ends; 0: paint everywhere.", 0.3, low=0.0, high=1.0, driven=True
    )
    crevice_width: float = field(
        "Range of noise values over which paint and crevice blend.", 0.08, above=0.0, high=1.0, driven=True
    )
    roughness: float = field(
        "Roughness of the Principled shader; low for glossy paint.", 0.25, low=0.0, high=1.0, driven=True
    )
    specular: float = field(
        "Specular level of the Principled shader; 0.5 is plastic (index of refraction 1.5).",
        0.5,
        low=0.0,
        high=1.0,
        driven=True,
    )
    relief: Literal["none", "bump", "normal", "displacement"] = field(
        "How the noise shapes the surface: none (flat paint), bump, normal (a perturbed normal from the noise's slope) "
        "or true displacement, which alone holds at the silhouette.",
        "bump",
    )
    relief_height_mm: float = field(
        "Height from the deepest to the highest point of the noise.", 0.25, low=0.0, driven=True
    )
    relief_scale_mm: float = field("Size of the noise's coarsest features.", 0.9, above=0.0, driven=True)
    relief_detail: float = field("Octaves of ever finer noise.", 3.0, low=0.0, high=15.0, driven=True)
    mesh_edge_mm: float = field(
        "Longest edge of the mesh under displacement; finer shows more and costs more.", 0.25, above=0.0
    )
