"""Where the views of each kind of plan stand."""

from __future__ import annotations

import math

import numpy as np

from ..distributions import Floats
from ..errors import ManifestError
from ..schema import Camera, Fibonacci, Hemisphere, Pose, Poses, Ring, Scanner, Vector, ViewGrid, Views
from .poses import FILL, Bounds, fitted_distance_mm, look_at

_GOLDEN_DEG = 180 * (3 - math.sqrt(5))  # turn from one view of a Fibonacci lattice to the next
_OUTSIDE = 1.1  # nearest that a fitted grid comes, in radii of the bounding sphere


def arrange(views: Views, camera: Camera, bounds: Bounds) -> tuple[Pose, ...]:
    """Poses of a view plan, in the order of its views; arguments and errors as :func:`manifests.viewpoints.plan`."""
    if isinstance(views, Poses):
        return views.poses
    target = bounds.center_mm if views.target_mm is None else views.target_mm
    if isinstance(views, Scanner):
        return _scanner(views, target)
    radius_mm = bounds.radius_mm + math.dist(target, bounds.center_mm)
    if isinstance(views, ViewGrid):
        return _grid(views, camera, target, radius_mm)
    distance_mm = fitted_distance_mm(camera, radius_mm) if views.distance_mm is None else views.distance_mm
    lattice = {Ring: _ring, Hemisphere: _hemisphere, Fibonacci: _fibonacci}[type(views)]
    directions = lattice(views)  # type: ignore[operator]
    return tuple(Pose(_from(target, azimuth, elevation, distance_mm), target) for azimuth, elevation in directions)


def rings(count: int, low_deg: float, high_deg: float) -> list[tuple[float, int]]:
    """Elevation (degrees) and number of views of each ring of a hemisphere, from the lowest up.

    The number of rings is the one for which the gap between them is nearest to the gap between the views on them; a
    ring gets views by its circumference, and one at least.
    """
    best: tuple[float, list[tuple[float, int]]] | None = None
    span = math.radians(high_deg - low_deg)
    for number in range(1, count + 1):
        elevations = np.linspace(low_deg, high_deg, number) if number > 1 else np.array([(low_deg + high_deg) / 2])
        lengths = np.cos(np.radians(elevations)).clip(0.0)
        along = 2 * math.pi * float(lengths.sum()) / count
        across = span / (number - 1) if number > 1 else 2 * max(span, 1e-9)
        misfit = abs(math.log(max(along, 1e-9) / max(across, 1e-9)))
        if best is None or misfit < best[0]:
            best = misfit, list(zip(elevations.tolist(), _shares(count, lengths)))
        elif across < along:
            break
    assert best is not None
    return best[1]


def _shares(count: int, lengths: Floats) -> list[int]:
    """Split a number by lengths: one for each, then always one more to whoever has the most length a view."""
    shares = np.ones(len(lengths), dtype=int)
    for _ in range(count - len(lengths)):
        shares[int(np.argmax(lengths / shares))] += 1
    return [int(share) for share in shares]


def _from(target: Vector, azimuth_deg: float, elevation_deg: float, distance_mm: float) -> Vector:
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    across = distance_mm * math.cos(elevation)
    offset = (across * math.sin(azimuth), -across * math.cos(azimuth), distance_mm * math.sin(elevation))
    return target[0] + offset[0], target[1] + offset[1], target[2] + offset[2]


def _ring(ring: Ring) -> list[tuple[float, float]]:
    gaps = ring.count if abs(ring.span_deg) == 360 else max(1, ring.count - 1)
    return [(ring.start_deg + ring.span_deg * k / gaps, ring.elevation_deg) for k in range(ring.count)]


def _hemisphere(views: Hemisphere) -> list[tuple[float, float]]:
    return [
        (views.start_deg + 360 * k / number, elevation)
        for elevation, number in rings(views.count, views.low_deg, views.high_deg)
        for k in range(number)
    ]


def _fibonacci(views: Fibonacci) -> list[tuple[float, float]]:
    # Equal steps of height are equal areas of a sphere (Archimedes).
    low, high = math.sin(math.radians(views.low_deg)), math.sin(math.radians(views.high_deg))
    heights = [low + (high - low) * (k + 0.5) / views.count for k in range(views.count)]
    return [(views.start_deg + _GOLDEN_DEG * k % 360, math.degrees(math.asin(z))) for k, z in enumerate(heights)]


def _grid(grid: ViewGrid, camera: Camera, target: Vector, radius_mm: float) -> tuple[Pose, ...]:
    _, _, *region_px = camera.region()
    pixel_mm = camera.sensor_width_mm / camera.sensor_px[0]
    opening = [side * pixel_mm / camera.focal_length_mm for side in region_px]  # of the image, at distance 1
    numbers = (grid.columns, grid.rows)
    distance_mm = grid.distance_mm
    if distance_mm is None:
        if grid.spacing_mm is None:
            images = [1 + (number - 1) * (1 - grid.overlap) for number in numbers]
            needed = [2 * radius_mm / FILL / (a * b) for a, b in zip(images, opening)]
        else:
            reach = [(number - 1) * spacing for number, spacing in zip(numbers, grid.spacing_mm)]
            needed = [(2 * radius_mm / FILL - a) / b for a, b in zip(reach, opening)]
        distance_mm = max(*needed, _OUTSIDE * radius_mm)
    spacing_mm = grid.spacing_mm or tuple((1 - grid.overlap) * side * distance_mm for side in opening)
    back = np.array(_from((0.0, 0.0, 0.0), grid.azimuth_deg, grid.elevation_deg, 1.0))
    right, up, back = look_at(back).T
    poses = []
    for row in range(grid.rows):
        for column in range(grid.columns):
            shift = (column - (grid.columns - 1) / 2) * spacing_mm[0] * right
            shift = shift - (row - (grid.rows - 1) / 2) * spacing_mm[1] * up
            poses.append(Pose(_point(target + shift + distance_mm * back), _point(target + shift)))
    return tuple(poses)


def _scanner(scanner: Scanner, target: Vector) -> tuple[Pose, ...]:
    poses = []
    for step in range(0, scanner.steps, scanner.every):
        middle = bezier(np.array(scanner.curve_mm), step / max(1, scanner.steps - 1))
        back = middle - target
        if np.linalg.norm(back) < 1e-6:
            raise ManifestError("views.curve_mm", f"runs through {list(target)}, where the cameras look")
        right = look_at(back)[:, 0]
        for side in (-0.5, 0.5):
            location = middle + side * scanner.baseline_mm * right
            # On a rig the images stay level with the baseline; z up for each alone would turn them apart from above.
            own_right, own_up, _ = look_at(location - target).T
            roll_deg = math.degrees(math.atan2(float(own_up @ right), float(own_right @ right)))
            poses.append(Pose(_point(location), target, roll_deg))
    return tuple(poses)


def bezier(control: Floats, t: float) -> Floats:
    """(3,) point of a Bezier curve with (k, 3) control points at t, 0 to 1 (de Casteljau)."""
    while len(control) > 1:
        control = (1 - t) * control[:-1] + t * control[1:]
    return np.asarray(control[0])


def _point(values: Floats) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])
