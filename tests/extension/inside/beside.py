"""What works beside the window and over the 3D view: contact sheet, mask, classes, coverage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .addon import disable, enable, module, registered

_OF_CAMERA = ("offset_mm", "tilt_deg")


def _seen_mm2(judged: Any) -> float:
    """Area of the triangles that are coloured as seen."""
    picture = module("geometry.coverage.picture")
    a, b, c = judged.corners_mm.transpose(1, 0, 2)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    unseen = [np.abs(judged.colours - color).max(axis=1) < 1e-6 for color in (picture.MISSED, picture.UNREACHABLE)]
    return float(areas[~(unseen[0] | unseen[1])].sum())


def live(manifest: str, still: str, frame: str) -> dict[str, Any]:
    """Everything that works beside the window, and what it should be compared with."""
    enable()
    bpy.ops.defectory.open_manifest(filepath=manifest)
    scene, inspection, jobs = bpy.context.scene, module("ui.inspection"), module("ui.jobs")
    mask, overlays = module("ui.overlays.mask"), module("ui.overlays.classes")
    table = inspection.current.table
    # By hand: the previews must show it.
    bpy.ops.mesh.primitive_cube_add(size=0.01, location=(0.02, -0.02, 0.02))
    facts: dict[str, Any] = {"begun": list(bpy.ops.defectory.contact_sheet()), "kinds": list(jobs.running)}
    jobs.wait("sheet")
    assert module("ui.messages").problem == "", module("ui.messages").problem
    facts["frames"], facts["problem"] = module("ui.contact_sheet").frames, module("ui.messages").problem
    image = bpy.data.images["Contact Sheet"]
    facts["sheet"] = [list(image.size), [round(255 * value) for value in image.pixels[:]]]

    scene.frame_set(int(frame))
    mask.begin(scene)
    jobs.wait("mask")
    assert module("ui.messages").problem == "", module("ui.messages").problem
    painted = mask.colours(scene)
    facts["mask"] = [list(painted.shape), [round(255 * float(value)) for value in painted.ravel()]]
    a, b, c = mask.rectangles(painted)[0].reshape(-1, 3, 3).transpose(1, 0, 2)
    facts["drawn"] = float(np.cross(b - a, c - a)[:, 2].sum() / 2)
    # In the manifest a mask has as many samples as its image, in a preview one.
    stills = []
    module("render").prepare_output(scene)
    for samples, name in ((scene.cycles.samples, "image"), (1, "mask")):
        scene.cycles.samples, scene.render.filepath = samples, f"{still}_{name}.exr"
        bpy.ops.render.render(write_still=True)
        stills.append(scene.render.filepath)
    facts["stills"], facts["defects"] = stills, inspection.current.inspection.defects

    corners, colours = overlays.corners_m(scene.defectory.part, table.manifest)
    ids = [round(item.value) for item in scene.defectory.part.data.attributes["defect_id"].data]
    facts["marked"] = [len(corners), len(colours), sum(number > 0 for number in ids)]
    view = module("contract").sampling.locate_frame(table.manifest, int(frame)).view
    # What is drawn shows the camera without what its parameters draw.
    drawn = {name: tuple(table.field(f"camera.{name}[{k}]", int(frame)) for k in range(3)) for name in _OF_CAMERA}
    lines = module("ui.overlays.cameras").lines_mm(table.viewpoints, replace(table.manifest.camera, **drawn))[view]
    camera = scene.camera
    facts["camera"] = [
        [list(camera.matrix_world @ corner) for corner in camera.data.view_frame(scene=scene)],
        list(camera.matrix_world.translation),
        lines.tolist(),
    ]

    bpy.ops.defectory.compute_coverage()
    jobs.wait("coverage")
    coverage = module("ui.overlays.coverage")
    facts["coverage"] = coverage.current(scene).numbers
    facts["seen_mm2"] = _seen_mm2(coverage.judged)
    facts["shown"] = bpy.context.window_manager.defectory.coverage
    facts["coverage_problem"] = module("ui.messages").problem
    scene.defectory.manifest.camera.focal_length_mm *= 1.1
    module("ui.authoring").follow(scene)
    facts["view"] = [scene.view_settings.view_transform, scene.view_settings.look, scene.view_settings.exposure]
    facts["outdated"] = coverage.current(scene) is None

    bpy.ops.defectory.contact_sheet()
    process, scratch = jobs.running["sheet"].process, jobs.running["sheet"].scratch.name
    bpy.ops.defectory.cancel_job(kind="sheet")
    facts["cancelled"] = [list(jobs.running), process.poll() is not None, Path(scratch).exists()]
    bpy.ops.defectory.contact_sheet()
    process = jobs.running["sheet"].process
    disable()
    facts["left"] = [registered(), process.poll() is not None]
    return facts
