"""Places from which a planned view may look: on surfaces offset from the part, and around the part as a whole."""

from __future__ import annotations

import math

import numpy as np

from ...contract import errors, schema, viewpoints
from ..nearest import Floats
from .rays import is_hidden
from .seeing import Lens, Limits, focuses_mm
from .surface import Points, Surface

ABOVE = 120
"""Points of the surface above which candidates hover."""
AROUND = 160
"""Directions from which candidates look at the whole part."""
_FREE = 0.5  # of its stand-off that a camera stays clear of the whole part
_TURNS = 24  # directions that are tried for a point that no other candidate sees
_DIGITS = 3  # a micrometre: a planned pose is rounded, so that the manifest can be read


def standoffs_mm(lens: Lens, limits: Limits, fitted_mm: float) -> list[float]:
    """Distances from the surface at which candidates hover, the nearest first.

    At the nearest the limit of the resolution is kept up to the limit of the incidence. Farther away an image holds
    more, of which less is seen steeply enough; from beyond the distance that fits the whole part it holds no more. A
    lens has its depth of focus at one distance: the one given, else one that is written into the manifest.

    Raises:
        ManifestError: the distance in focus is too far for the resolution.
    """
    furthest = lens.scale_px / limits.px_per_mm
    nearest = furthest * math.cos(math.radians(limits.incidence_deg))
    camera = lens.camera
    if camera.f_number > 0:
        if camera.focus_distance_mm is None:
            return [min((nearest + furthest) / 2, max(fitted_mm, nearest))]
        if camera.focus_distance_mm > furthest:
            raise errors.ManifestError(
                "camera.focus_distance_mm",
                f"{limits.px_per_mm:.3g} px/mm are had at {furthest:.4g} mm at most, "
                f"and the camera is in focus at {camera.focus_distance_mm:.4g}",
            )
        return [camera.focus_distance_mm]
    return sorted({min(d, max(fitted_mm, nearest)) for d in (nearest, (nearest + furthest) / 2, 0.95 * furthest)})


def candidates(surface: Surface, lens: Lens, limits: Limits, standoffs: list[float]) -> tuple[schema.Pose, ...]:
    """Poses that stand free of the part and no lower than allowed."""
    spots = surface.points(ABOVE, seed=1)
    found = [(spots.places_mm + d * spots.normals, spots.places_mm) for d in standoffs]
    center, directions = (surface.low_mm + surface.high_mm) / 2, sphere(AROUND)
    reach = (np.abs(directions) @ (surface.high_mm - surface.low_mm))[:, None] / 2
    for d in standoffs:
        # In focus: the near side of the part, a part of its depth inwards.
        found += [
            (center + (d + share * reach) * directions, center + share * reach * directions) for share in (0, 0.6)
        ]
    locations, targets = np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
    return _free(surface, limits, locations, targets, min(standoffs))


def for_points(surface: Surface, points: Points, limits: Limits, standoff_mm: float) -> tuple[schema.Pose, ...]:
    """For each of the points at most one pose that sees it past what hides it from above."""
    steepest = 1 - math.cos(math.radians(0.95 * limits.incidence_deg))
    locations, targets = [], []
    for place, normal in zip(points.places_mm, points.normals):
        right, up, _ = viewpoints.look_at(normal).T
        height = 1 - steepest * (np.arange(_TURNS) + 0.5) / _TURNS
        azimuth = np.arange(_TURNS) * math.pi * (3 - math.sqrt(5))
        flat = np.cos(azimuth)[:, None] * right + np.sin(azimuth)[:, None] * up
        eyes = place + standoff_mm * (height[:, None] * normal + np.sqrt(1 - height**2)[:, None] * flat)
        free = ~is_hidden(surface.tree, np.tile(place, (_TURNS, 1)), eyes, surface.gap_mm)
        free &= _elevation_deg(eyes - place) >= limits.lowest_deg
        if free.any():
            locations.append(eyes[int(np.argmax(free))])
            targets.append(place)
    if not locations:
        return ()
    return _free(surface, limits, np.array(locations), np.array(targets), standoff_mm)


def in_focus(lens: Lens, plan: viewpoints.Viewpoints) -> Floats:
    """(v,) depth in focus of planned views: what they look at, where the manifest does not say."""
    return focuses_mm(lens, plan, 0.0)


def sphere(count: int) -> Floats:
    """(count, 3) directions of a spherical Fibonacci lattice."""
    height = 1 - (2 * np.arange(count) + 1) / count
    azimuth = np.arange(count) * math.pi * (3 - math.sqrt(5))
    across = np.sqrt(1 - height**2)
    return np.column_stack([across * np.cos(azimuth), across * np.sin(azimuth), height])


def _free(
    surface: Surface, limits: Limits, locations: Floats, targets: Floats, standoff_mm: float
) -> tuple[schema.Pose, ...]:
    locations, targets = locations.round(_DIGITS), targets.round(_DIGITS)
    keep = np.linalg.norm(locations - targets, axis=1) > 1e-3
    # A hair of tolerance, for the rounding.
    keep &= _elevation_deg(locations - targets) >= limits.lowest_deg - 0.01
    keep[keep] = surface.tree.nearest(locations[keep])[0] >= _FREE * standoff_mm
    pairs = zip(locations[keep].tolist(), targets[keep].tolist())
    return tuple(schema.Pose(tuple(location), tuple(target)) for location, target in pairs)


def _elevation_deg(back: Floats) -> Floats:
    length = np.maximum(np.linalg.norm(back, axis=1), 1e-30)
    return np.asarray(np.degrees(np.arcsin(np.clip(back[:, 2] / length, -1, 1))))
