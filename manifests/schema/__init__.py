"""The manifest's classes: frozen, with units in their names and every field documented.

Lengths are millimetres, angles degrees, in right-handed axes with z up; a view from azimuth 0 looks along +y, at the
part's front. Fields marked *driven* may be the target of a parameter.
"""

from .backdrop import Backdrop
from .backgrounds import Background, Clouds, Gradients, Photographs, Polygons
from .blend import BlenderFile
from .camera import Camera
from .defects import (
    AtPosition,
    Bump,
    ByCurvature,
    Chip,
    Crack,
    Defect,
    Dent,
    GluePad,
    InRegion,
    OnArea,
    Placement,
    Pore,
    Scratch,
)
from .impurities import Dust, Fingerprint, Impurity, Sticker, WaterStain
from .lights import Diffuser, Dome, Environment, Light, LightState, Panel, RingLight, Spot, World
from .manifest import CONTRACT, FOREIGN, Manifest, Parameter, from_dict, to_dict
from .output import Noise, Output
from .part import ObjectBudget, Part
from .pattern import ChessPattern, NoisePattern, Pattern
from .render import PRESETS, Render
from .surface import (
    Blasted,
    Brushed,
    Cast,
    Engraving,
    Granular,
    LocalSurface,
    Milled,
    Painted,
    Polymer,
    Region,
    Riblet,
    Surface,
    Turned,
)
from .twin import Twin
from .vectors import Colour, Vector
from .views import Fibonacci, Hemisphere, Pose, Poses, Ring, Scanner, ViewGrid, Views

__all__ = [
    "CONTRACT",
    "FOREIGN",
    "PRESETS",
    "AtPosition",
    "Backdrop",
    "Background",
    "Blasted",
    "BlenderFile",
    "Brushed",
    "Bump",
    "ByCurvature",
    "Camera",
    "Cast",
    "ChessPattern",
    "Chip",
    "Clouds",
    "Colour",
    "Crack",
    "Defect",
    "Dent",
    "Diffuser",
    "Dome",
    "Dust",
    "Engraving",
    "Environment",
    "Fibonacci",
    "Fingerprint",
    "GluePad",
    "Gradients",
    "Granular",
    "Hemisphere",
    "Impurity",
    "InRegion",
    "Light",
    "LightState",
    "LocalSurface",
    "Manifest",
    "Milled",
    "Noise",
    "NoisePattern",
    "ObjectBudget",
    "OnArea",
    "Output",
    "Painted",
    "Panel",
    "Parameter",
    "Part",
    "Pattern",
    "Photographs",
    "Placement",
    "Polygons",
    "Polymer",
    "Pore",
    "Pose",
    "Poses",
    "Region",
    "Render",
    "Riblet",
    "Ring",
    "RingLight",
    "Scanner",
    "Scratch",
    "Spot",
    "Sticker",
    "Surface",
    "Turned",
    "Twin",
    "Vector",
    "ViewGrid",
    "Views",
    "WaterStain",
    "World",
    "from_dict",
    "to_dict",
]
