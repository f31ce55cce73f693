"""View plans: from what a manifest says to camera poses, pure numpy."""

from ..schema import Camera, Views
from .arrangements import arrange
from .poses import Bounds, Viewpoints, fitted_distance_mm, look_at, quaternion

__all__ = ["Bounds", "Viewpoints", "fitted_distance_mm", "look_at", "plan", "quaternion"]


def plan(views: Views, camera: Camera, bounds: Bounds) -> Viewpoints:
    """Poses of a view plan for a part.

    Args:
        views: the plan.
        camera: whose field of view a fitted distance needs.
        bounds: the sphere around the part.

    Raises:
        ManifestError: nothing fits into so narrow a field of view, or a camera would stand where it looks.
    """
    return Viewpoints.of(arrange(views, camera, bounds))
