"""A photograph matched: its camera found, its brightness compared."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bpy

from .addon import disable, enable, module, registered


def photograph(part: str, folder: str) -> dict[str, Any]:
    """Take a photograph with Blender from a known pose, lose the pose, and find it again from points and pixels."""
    from bpy_extras.object_utils import world_to_camera_view

    enable()
    bpy.ops.defectory.import_part(filepath=part)
    scene, inspection = bpy.context.scene, module("ui.inspection")
    group, ours, follow = scene.defectory.manifest, scene.defectory.photograph, module("ui.authoring").follow
    group.camera.sensor_px, group.camera.image_px, group.camera.region_px = (1000, 800), (96, 72), (100, 60, 800, 600)
    group.camera.use_region_px, group.render.samples = True, 8
    group.camera.offset_mm, group.camera.tilt_deg, group.part.rotation_deg = (3, -2, 5), (1, -2, 3), (10, 20, 30)
    group.views.ring.elevation_deg, group.views.ring.count, group.views.ring.start_deg = 40, 2, 25
    assert follow(scene), module("ui.messages").problem
    answer: dict[str, Any] = {"camera": [list(row) for row in scene.camera.matrix_world]}
    path = str(Path(folder, "photograph.png"))
    scene.view_settings.view_transform, scene.view_settings.exposure = "Standard", -1.0
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode = "PNG", "RGB"
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)

    # As a person would: corners that stick out, and pixels to the half.
    shown = scene.defectory.part
    places = [vertex.co.copy() for vertex in shown.data.vertices]
    chosen = [
        max(places, key=lambda v: sum(s * x for s, x in zip(signs, v)))
        for signs in itertools.product((-1, 1), repeat=3)
    ]
    pixels = []
    for point in chosen:
        across, up, _ = world_to_camera_view(scene, scene.camera, shown.matrix_world @ point)
        pixels.append([round(2 * across * 96) / 2, round(2 * (1 - up) * 72) / 2])
    matches = [([1000 * x for x in point], pixel) for point, pixel in zip(chosen, pixels)]

    answer["no_photograph"] = bpy.ops.defectory.match_point.poll()
    answer["missing"] = [list(bpy.ops.defectory.load_photograph(filepath=path + ".png")), module("ui.messages").problem]
    images = set(bpy.data.images)
    answer["load"] = [list(bpy.ops.defectory.load_photograph(filepath=path)), set(bpy.data.images) == images]
    refused = []
    line = [matches[0], *(([x, 0.0, 0.0], [x, 2 * x]) for x in (10, 20, 30))]
    for some in (matches[:3], [([x, x, x], pixel) for x, (_, pixel) in enumerate(matches)], line[1:] + line[1:]):
        ours.points.clear()
        for point, pixel in some:
            bpy.ops.defectory.match_point("EXEC_DEFAULT", point_mm=point, pixel_px=pixel)
        refused.append([list(bpy.ops.defectory.solve_camera()), module("ui.messages").problem, group.views.kind])
    answer["refused"] = refused
    ours.points.clear()
    for point, pixel in matches:
        bpy.ops.defectory.match_point("EXEC_DEFAULT", point_mm=point, pixel_px=pixel)

    group.views.ring.start_deg, group.views.ring.elevation_deg = 200, 10
    assert follow(scene)
    bpy.ops.ed.undo_push(message="before")
    answer["solve"] = [list(bpy.ops.defectory.solve_camera()), module("ui.messages").problem]
    answer["residual"] = [ours.residual_px, [point.error_px for point in ours.points]]
    answer["solved"] = [list(row) for row in scene.camera.matrix_world]
    bpy.ops.ed.undo_push(message="after")
    answer["manifest"] = module("contract").schema.to_dict(inspection.current.table.manifest)

    answer["compare"] = [list(bpy.ops.defectory.compare_render())]
    module("ui.jobs").wait("comparison")
    answer["compare"].append(module("ui.messages").problem)
    comparison = module("ui.photograph.comparison")
    before = comparison.held
    answer["likeness"] = [before.overlap, before.stops, before.means]
    answer["exposure"] = [
        list(bpy.ops.defectory.match_exposure()),
        inspection.current.table.field("output.exposure_stops", 0),
    ]
    after = comparison.held
    answer["matched"] = [after.overlap, after.stops, after.means, after.row_difference(0.5)]
    bpy.ops.ed.undo_push(message="exposure")
    for _ in range(2):
        bpy.ops.ed.undo()
    scene = bpy.context.scene
    answer["undone"] = [scene.defectory.manifest.views.kind, inspection.current.table.manifest.view_count]

    # A camera of another shape.
    scene.defectory.manifest.camera.image_px = (72, 72)
    scene.defectory.manifest.camera.use_region_px = False
    assert follow(scene)
    answer["shape"] = [list(bpy.ops.defectory.solve_camera()), module("ui.messages").problem]
    disable()
    answer["left"] = registered()
    return answer
