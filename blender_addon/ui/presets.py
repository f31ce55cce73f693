"""Presets: rigs of the five papers in proportion to the part, and surfaces to begin with. No Blender in here.

A preset is plain data of some fields of the manifest; what it does not name stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]

_STEEL, _BRASS = [0.56, 0.57, 0.58], [0.89, 0.72, 0.42]
_LAMPS = 8


def _light_box(radius_mm: float) -> Fields:
    """A camera looks through a diffuser, before a black backdrop (S0)."""
    return {
        "views": {"kind": "ring", "count": 2, "start_deg": -14.0, "span_deg": 28.0, "elevation_deg": 4.0},
        "lights": [{"kind": "diffuser", "radiance": 1.6}, {"kind": "world", "radiance": 0.22}],
        "light_states": [],
        "backdrop": {},
    }


def _scanner(radius_mm: float) -> Fields:
    """Two cameras side by side travel over the part, under a spot light (S1)."""
    away = 7 * radius_mm
    curve = [
        [x * away, y * away, z * away]
        for x, y, z in ((-0.5, -0.4, 0.5), (-0.3, -0.3, 1), (0.3, -0.3, 1), (0.5, -0.4, 0.5))
    ]
    lamp = {"kind": "spot", "power_w": 3e-4 * away**2 / 5, "radius_mm": 0.2 * radius_mm, "angle_deg": 50.0}
    return {
        "views": {"kind": "scanner", "curve_mm": curve, "steps": 12, "baseline_mm": 0.7 * radius_mm},
        "lights": [lamp | {"location_mm": [0.2 * away, -0.4 * away, away]}, {"kind": "world", "radiance": 0.12}],
        "light_states": [],
        "backdrop": None,
    }


def _ring_light(radius_mm: float) -> Fields:
    """A camera with a ring light around its lens looks from all sides (S2)."""
    ring = {"kind": "ring", "radiance": 12.0, "diameter_mm": 1.5 * radius_mm, "width_mm": 0.5 * radius_mm}
    return {
        "views": {"kind": "fibonacci", "count": 24},
        "lights": [ring, {"kind": "world", "radiance": 0.1}],
        "light_states": [],
        "backdrop": None,
    }


def _photometric_stereo(radius_mm: float) -> Fields:
    """One view from above under eight lamps, a light state each (S3)."""
    away = 5 * radius_mm
    names = [f"lamp_{k}" for k in range(_LAMPS)]
    angles = [2 * math.pi * k / _LAMPS for k in range(_LAMPS)]
    places = [[away * math.cos(a), away * math.sin(a), 1.3 * away] for a in angles]
    lamp = {"kind": "spot", "power_w": 3e-4 * away**2, "radius_mm": 0.2 * radius_mm, "angle_deg": 60.0}
    return {
        "views": {"kind": "ring", "count": 1, "elevation_deg": 90.0},
        "lights": [lamp | {"name": name, "location_mm": place} for name, place in zip(names, places)],
        "light_states": [{"name": name, "lights": [name]} for name in names],
        "backdrop": None,
    }


def _hexagon(radius_mm: float) -> Fields:
    """A flat part from above under a hexagonal ring light, the same turned, the same twice as large (S4)."""
    hexagon = {"kind": "ring", "sides": 6, "radiance": 1.2, "diameter_mm": 2.0 * radius_mm, "width_mm": 0.6 * radius_mm}
    kinds: list[Fields] = [
        {"name": "hexagon"},
        {"name": "rotated", "rotation_deg": 90.0},
        {"name": "scaled", "scale": 2.0},
    ]
    return {
        "views": {"kind": "ring", "count": 1, "elevation_deg": 90.0},
        "lights": [*(hexagon | kind for kind in kinds), {"kind": "world", "radiance": 0.05}],
        "light_states": [{"name": kind["name"], "lights": [kind["name"], "world"]} for kind in kinds],
        "backdrop": None,
    }


RIGS: dict[str, tuple[str, Callable[[float], Fields]]] = {
    "light_box": ("Light Box", _light_box),
    "scanner": ("Twin-camera Scanner", _scanner),
    "ring_light": ("Ring Light, All Around", _ring_light),
    "photometric_stereo": ("Photometric Stereo", _photometric_stereo),
    "hexagon": ("Hexagonal Ring Light", _hexagon),
}
"""Key, title and, from the radius of the part in mm, fields."""

SURFACES: dict[str, tuple[str, Fields]] = {
    "primer": ("White Primer", {"kind": "painted"}),
    "smooth_paint": ("Smooth Paint", {"kind": "painted", "relief": "none"}),
    "moulded": ("Moulded Polymer", {"kind": "polymer"}),
    "turned": ("Turned Aluminium", {"kind": "turned"}),
    "turned_steel": ("Turned Steel", {"kind": "turned", "color": _STEEL}),
    "turned_brass": ("Turned Brass", {"kind": "turned", "color": _BRASS}),
    "milled": ("Milled Aluminium", {"kind": "milled"}),
    "brushed": ("Brushed Aluminium", {"kind": "brushed"}),
    "brushed_steel": ("Brushed Steel", {"kind": "brushed", "color": _STEEL}),
    "blasted": ("Sand-blasted Metal", {"kind": "blasted"}),
    "cast": ("Cast Metal", {"kind": "cast"}),
    "granular": ("Granular Steel", {"kind": "granular"}),
    "riblet": ("Riblet Foil", {"kind": "riblet"}),
}
"""Key, title and fields of a surface."""
