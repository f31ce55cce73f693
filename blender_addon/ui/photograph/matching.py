"""The camera of a photograph: from points of the part and their pixels to the manifest's views."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Euler
from numpy.typing import NDArray

from ...contract import errors, sampling, schema, viewpoints
from ...geometry import pose
from ...scene import MM
from .. import authoring, inspection
from ..facts import clamp_frame
from ..properties import of
from . import picture

Floats = NDArray[np.float64]


def lens(table: sampling.Table, frame: int, size_px: tuple[int, int]) -> pose.Lens:
    """The manifest's camera as a pinhole in a photograph's pixels.

    Args:
        table: values of the manifest.
        frame: whose focal length it is.
        size_px: width and height of the photograph: of the camera's region of interest, in any resolution.

    Raises:
        ManifestError: the photograph has another shape than the camera's image.
    """
    camera = table.manifest.camera
    left, top, width, height = camera.region()
    if abs(size_px[0] * height - size_px[1] * width) > max(*size_px, width, height):
        raise errors.ManifestError(
            "camera.image_px",
            f"{camera.image_px[0]} x {camera.image_px[1]} has another shape than the photograph of {size_px[0]} x "
            f"{size_px[1]}; set image_px and region_px to what the photograph shows",
        )
    scale = size_px[0] / width
    focal_px = table.field("camera.focal_length_mm", frame) * camera.sensor_px[0] / camera.sensor_width_mm
    middle = (camera.sensor_px[0] / 2 - left, camera.sensor_px[1] / 2 - top)
    return pose.Lens(focal_px * scale, (middle[0] * scale, middle[1] * scale))


def solve(scene: bpy.types.Scene) -> pose.CameraPose:
    """Find the camera from the matched points, and make it the view that is shown.

    Where the manifest's views are `poses` already, the one that is shown is replaced, so that several photographs can
    be matched one after another; any other plan gives way to this one pose.

    Raises:
        UserError: the points do not tell the pose; nothing has changed.
    """
    opened, group = inspection.current, of(scene).photograph
    assert opened is not None
    table, frame = opened.table, clamp_frame(opened.table, scene.frame_current)
    photograph = picture.read(group.file)
    part = inspection.part_of(scene)
    if part is None:
        raise errors.PartError(inspection.NO_PART)
    points = np.array([point.point_mm[:] for point in group.points]).reshape(-1, 3)
    pixels = np.array([point.pixel_px[:] for point in group.points]).reshape(-1, 2)
    try:
        found = pose.solve(in_scene(part, points), pixels, lens(table, frame, photograph.size_px))
    except pose.PoseError as problem:
        raise errors.DataSetError(str(problem)) from None
    place = sampling.locate_frame(table.manifest, frame)
    views = table.manifest.views
    poses = list(views.poses) if isinstance(views, schema.Poses) else []
    solved = _view(table, frame, found, in_scene(part, np.array(part.bound_box) / MM).mean(axis=0))
    poses[place.view : place.view + 1] = [solved]
    authoring.edit(scene, "views", schema.to_dict(schema.Poses(tuple(poses))))
    authoring.synchronise(scene)
    if not isinstance(views, schema.Poses):
        scene.frame_set(place.instance * table.manifest.frames_per_instance // table.manifest.view_count)
    for point, error in zip(group.points, found.errors_px):
        point.error_px = error
    group.residual_px, group.spread_mm = found.residual_px, found.spread_mm
    return found


def in_scene(part: bpy.types.Object, points_mm: Floats) -> Floats:
    """(n, 3) points of the part's own axes in those of the scene, mm."""
    matrix = np.array(part.matrix_world)
    return np.asarray(points_mm @ matrix[:3, :3].T + matrix[:3, 3] / MM)


def _view(table: sampling.Table, frame: int, eye: pose.CameraPose, middle_mm: Floats) -> schema.Pose:
    """The view from which the camera, shifted and turned as the manifest says, stands where the eye was found."""
    shift, turn = (
        [table.field(f"camera.{name}[{axis}]", frame) for axis in range(3)] for name in ("offset_mm", "tilt_deg")
    )
    rotation = eye.rotation @ np.array(Euler([math.radians(angle) for angle in turn], "XYZ").to_matrix()).T
    location = eye.location_mm - rotation @ shift
    right, _, back = rotation.T
    level = viewpoints.look_at(back)
    roll_deg = math.degrees(math.atan2(float(right @ level[:, 1]), float(right @ level[:, 0])))
    # Focus is reckoned from the target: the middle of the part, as far as it lies on the line of sight.
    target = location - back * max(float((location - middle_mm) @ back), 1.0)
    return schema.Pose(_vector(location), _vector(target), roll_deg)


def _vector(values: Any) -> schema.Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
