"""How finely views resolve points of a surface, and which points they do not see at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...contract import schema, viewpoints
from ..nearest import Floats
from .rays import is_hidden
from .surface import Points, Surface, turn

_CLOSEST = 0.01  # focus of the scene's camera: never nearer than this share of the distance to the target


@dataclass(frozen=True)
class Limits:
    """What counts as seen.

    Attributes:
        px_per_mm: image pixels on a millimetre of surface in the direction that is foreshortened most, at least.
        incidence_deg: angle between the line of sight and the normal, at most, below 90.
        blur_px: diameter of the circle of confusion in image pixels, at most.
        lowest_deg: elevation above the horizon from which a planned view looks, at least.
    """

    px_per_mm: float
    incidence_deg: float = 60.0
    blur_px: float = 2.0
    lowest_deg: float = -90.0


class Lens:
    """A camera as it projects: places in the image, scale and blur."""

    def __init__(self, camera: schema.Camera) -> None:
        left, top, width, height = camera.region()
        pixel_mm = camera.sensor_width_mm / camera.sensor_px[0]
        across, down = camera.sensor_px[0] / 2, camera.sensor_px[1] / 2
        step = pixel_mm / camera.focal_length_mm
        self.camera = camera
        self.right, self.left = (left + width - across) * step, (left - across) * step
        self.top, self.bottom = (down - top) * step, (down - top - height) * step
        self.scale_px = camera.image_px[0] / width / step
        """Pixels on a millimetre at a distance of a millimetre."""

    def blur_px(self, depths_mm: Floats, focus_mm: float) -> Floats:
        """Diameter of the circle of confusion (pixels) at depths, of a thin lens focused at a depth."""
        focal, number = self.camera.focal_length_mm, self.camera.f_number
        if number == 0:
            return np.zeros_like(depths_mm)
        # On the sensor it is scaled by the image's distance, which the pinhole takes for the focal length.
        return focal / number * np.abs(depths_mm - focus_mm) / (depths_mm * focus_mm) * self.scale_px

    def focus_mm(self, distance_mm: float, radius_mm: float) -> float:
        """Depth in focus of a view at a distance from its target, as the scene focuses it."""
        if self.camera.focus_distance_mm is not None:
            return self.camera.focus_distance_mm
        return max(distance_mm - radius_mm, _CLOSEST * distance_mm)


def resolutions(
    surface: Surface, points: Points, lens: Lens, plan: viewpoints.Viewpoints, focus_mm: Floats, limits: Limits
) -> Floats:
    """How finely each view resolves each point.

    Args:
        surface: what hides itself.
        points: n points of it.
        lens: of the camera.
        plan: v views.
        focus_mm: (v,) depth in focus of each view.
        limits: ``px_per_mm`` 0 gives the resolution of every point in sight.

    Returns:
        (v, n) float32, pixels per millimetre; 0 where the point is out of the image, out of the limits or hidden.
    """
    found = np.zeros((len(plan.locations_mm), len(points.places_mm)), dtype=np.float32)
    tilt = turn(lens.camera.tilt_deg)
    steepest = math.cos(math.radians(limits.incidence_deg))
    eyes = plan.locations_mm + plan.rotations @ np.array(lens.camera.offset_mm)
    for view, eye in enumerate(eyes):
        local = (points.places_mm - eye) @ (plan.rotations[view] @ tilt)
        depth = np.maximum(-local[:, 2], 1e-9)
        x, y = local[:, 0] / depth, local[:, 1] / depth
        inside = (x >= lens.left) & (x <= lens.right) & (y >= lens.bottom) & (y <= lens.top) & (local[:, 2] < -1e-9)
        cosine = np.einsum("nd,nd->n", eye - points.places_mm, points.normals)
        cosine /= np.maximum(np.linalg.norm(local, axis=1), 1e-30)
        # Along the other direction, and towards the corners of the image, the scale is larger than that.
        resolution = lens.scale_px / depth * cosine
        sharp = lens.blur_px(depth, float(focus_mm[view])) <= limits.blur_px
        seen = inside & (cosine >= max(steepest, 1e-6)) & (resolution >= limits.px_per_mm) & sharp
        found[view, seen] = resolution[seen]
    view, point = np.nonzero(found)
    hidden = is_hidden(surface.tree, points.places_mm[point], eyes[view], surface.gap_mm)
    found[view[hidden], point[hidden]] = 0
    return found


def focuses_mm(lens: Lens, plan: viewpoints.Viewpoints, radius_mm: float) -> Floats:
    """(v,) depth in focus of each view of a manifest, whose part has a bounding sphere of that radius."""
    distances = np.linalg.norm(plan.locations_mm - plan.targets_mm, axis=1)
    return np.array([lens.focus_mm(float(distance), radius_mm) for distance in distances])
