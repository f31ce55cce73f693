"""The camera: an empty that stands at the view's pose, and the camera on it with its own shift and turn."""

from __future__ import annotations

import math

import bpy

from ..contract import sampling, viewpoints
from . import MM
from .drivers import bind, bind_vector, drive

_CLOSEST = 0.01  # nearest thing that is seen or focused on, as a share of the distance of the nearest view
_DRAWN = 0.4  # how large things are drawn in the 3D view that have no size, as a share of the part's radius


def add_camera(
    scene: bpy.types.Scene, table: sampling.Table, bounds: viewpoints.Bounds
) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Add the camera of a manifest and make it the scene's.

    Returns:
        The viewpoint, an empty that the view plan moves, and the camera, its child.
    """
    camera = table.manifest.camera
    viewpoint = bpy.data.objects.new("Viewpoint", None)
    viewpoint.rotation_mode = "QUATERNION"
    viewpoint.empty_display_size = _DRAWN * bounds.radius_mm * MM
    for index, axis in enumerate("xyz"):
        drive(viewpoint, "location", f'param("@view.{axis}_mm", frame) * {MM}', index=index)
    for index, axis in enumerate("wxyz"):
        drive(viewpoint, "rotation_quaternion", f'param("@view.q{axis}", frame)', index=index)

    lens = bpy.data.cameras.new("Camera")
    lens.display_size = _DRAWN * bounds.radius_mm * MM
    left, top, width, height = camera.region()
    pixel_mm = camera.sensor_width_mm / camera.sensor_px[0]
    lens.sensor_fit = "HORIZONTAL"
    lens.sensor_width = width * pixel_mm
    lens.shift_x = (left + width / 2 - camera.sensor_px[0] / 2) / width
    lens.shift_y = (camera.sensor_px[1] / 2 - top - height / 2) / width
    # A part may be a chip or a hull: what is clipped goes with the distance, within what 32-bit depth can hold.
    nearest_mm, *_, furthest_mm = sorted([*table.viewpoints.columns()[:, -1]] * 2)
    lens.clip_start = _CLOSEST * nearest_mm * MM
    lens.clip_end = max(1000.0, 100 * furthest_mm * MM)
    bind(lens, "lens", table, "camera.focal_length_mm")
    lens.dof.use_dof = camera.f_number > 0 or table.driver_of("camera.f_number") is not None
    if lens.dof.use_dof:
        bind(lens.dof, "aperture_fstop", table, "camera.f_number")
        _focus(lens, table, bounds)

    eye = bpy.data.objects.new("Camera", lens)
    eye.parent = viewpoint
    eye.rotation_mode = "XYZ"
    bind_vector(eye, "location", table, "camera.offset_mm", scale=MM)
    bind_vector(eye, "rotation_euler", table, "camera.tilt_deg", scale=math.radians(1))
    scene.collection.objects.link(viewpoint)
    scene.collection.objects.link(eye)
    scene.camera = eye
    scene.render.resolution_x, scene.render.resolution_y = camera.image_px
    scene.render.resolution_percentage = 100
    return viewpoint, eye


def _focus(lens: bpy.types.Camera, table: sampling.Table, bounds: viewpoints.Bounds) -> None:
    path = "camera.focus_distance_mm"
    if table.manifest.camera.focus_distance_mm is not None or table.driver_of(path):
        bind(lens.dof, "focus_distance", table, path, scale=MM)
    else:
        nearest = f'param("@view.distance_mm", frame) - {bounds.radius_mm!r}'
        drive(lens.dof, "focus_distance", f'max({nearest}, {_CLOSEST} * param("@view.distance_mm", frame)) * {MM}')
