"""Editing: what the panel's properties say becomes the manifest, and the scene follows.

The properties are what a person wants, the scene's document is what it was built from. Whenever they differ, after an
edit, an undo or an operator, :func:`synchronise` brings the scene to what is wanted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..contract import schema
from . import documents, foreign, inspection, opening
from .messages import guarded
from .model import values
from .properties import of

_FACES = 100_000
"""Faces that a part keeps when it is imported, so that each edit shows at once; the panel says what that cost."""
_PAUSE_S = 0.15
"""How long a slider must rest before the scene follows it."""


def begin(cad_file: Path, window: bpy.types.Window | None = None) -> bpy.types.Scene:
    """An inspection of a CAD part with everything else at its default.

    Raises:
        UserError: the CAD file cannot be used.
    """
    manifest = schema.from_dict({"name": cad_file.stem, "part": {"file": cad_file.name, "faces": _FACES}})
    return opening.show_manifest(manifest, cad_file.with_suffix(".yaml"), window)


def import_part(cad_file: Path, scene: bpy.types.Scene, window: bpy.types.Window | None = None) -> bool:
    """Make a CAD file the part of the open inspection; where none is open, begin one.

    Returns:
        Whether anything has changed by now; what is still to be prepared becomes an undo step of its own.

    Raises:
        UserError: the CAD file cannot be used; the inspection is as it was.
    """
    if not inspection.is_open(scene):
        part = schema.Part(file=cad_file.name, faces=_FACES)
        return _once_prepared(part, cad_file.parent, lambda: begin(cad_file, window), "Import CAD", window)
    source = documents.source(scene)
    if not cad_file.is_relative_to(source.parent):
        # Paths in a manifest start at its folder and may not leave it: the inspection moves to its new part.
        source = cad_file.with_suffix(".yaml")
    part = dataclasses.replace(wanted(scene).the_part(), file=cad_file.relative_to(source.parent).as_posix())

    def go() -> None:
        with inspection.moved(scene, source):
            edit(scene, "part.file", part.file)
            synchronise(scene)

    return _once_prepared(part, source.parent, go, "Import CAD", window)


def open_manifest(path: Path, window: bpy.types.Window | None = None) -> bool:
    """Open a manifest; where its part is still to be prepared, once it is, so that the window does not wait.

    Returns:
        As :func:`import_part`.

    Raises:
        UserError: the manifest, the CAD file or the disk is at fault.
    """
    part = opening.read(path).the_part()
    return _once_prepared(part, path.parent, lambda: opening.open_manifest(path, window), "Open Manifest", window)


def _once_prepared(
    part: schema.Part, home: Path, action: Callable[[], object], step: str, window: bpy.types.Window | None
) -> bool:
    from . import preparing
    from .prepared import get_part, known_part

    if bpy.app.background:
        get_part(part, home)
    elif known_part(part, home) is None:

        def then() -> None:
            if guarded(action):
                # No operator is at work any more that would make the step.
                with bpy.context.temp_override(window=window):
                    bpy.ops.ed.undo_push(message=step)

        preparing.begin(part, home, then)
        return False
    action()
    return True


def wanted(scene: bpy.types.Scene) -> schema.Manifest:
    """The manifest that a scene's properties say.

    Raises:
        ManifestError: naming the field that is wrong.
    """
    data = values.unchanged(values.read(of(scene).manifest, schema.Manifest), documents.manifest_data(scene))
    return schema.from_dict(data)


def synchronise(scene: bpy.types.Scene) -> bool:
    """Bring a scene to what its properties say.

    Returns:
        Whether it is there; False while its part is still being prepared.

    Raises:
        UserError: the properties or the CAD file are at fault; the scene is as it was.
    """
    from . import preparing
    from .prepared import get_part, known_part

    manifest, home = wanted(scene), documents.source(scene).parent
    before = schema.from_dict(documents.manifest_data(scene))
    if manifest == before:
        return True
    found = known_part(manifest.the_part(), home)
    if found is None and bpy.app.background:
        found = get_part(manifest.the_part(), home)
    if found is None:
        preparing.begin(manifest.the_part(), home, lambda: follow(scene), "edit")
        return False
    # In this order a driver never asks for a parameter that the table does not have.
    foreign.release(before.parameters, manifest.parameters)
    inspection.change_manifest(scene, manifest, found)
    foreign.attach(before.parameters, manifest.parameters)
    return True


def follow(scene: bpy.types.Scene) -> bool:
    """:func:`synchronise`, with what goes wrong in the panel.

    Returns:
        Whether it went well.
    """
    return guarded(lambda: synchronise(scene), "edit")


def edit(scene: bpy.types.Scene, path: str, value: Any) -> None:
    """Set a field of the properties, by its path in the manifest, such as ``part.file``; the scene does not follow yet.

    Args:
        scene: an inspection scene.
        path: of the field.
        value: plain data, as a manifest's file has it.
    """
    data = values.read(of(scene).manifest, schema.Manifest)
    *steps, last = path.split(".")
    place = data
    for step in steps:
        place = place[step]
    place[last] = value
    values.fill(of(scene).manifest, schema.Manifest, data)


def replace(scene: bpy.types.Scene, changes: dict[str, Any]) -> bool:
    """Put other values in the place of whole fields of the manifest, and have the scene follow.

    Parameters that draw something inside of what is replaced go with it.

    Returns:
        Whether it went well; what did not stands in the panel.
    """
    data = values.read(of(scene).manifest, schema.Manifest) | changes
    data["parameters"] = [
        one for one in data["parameters"] if one["target"].partition(".")[0].partition("[")[0] not in changes
    ]
    values.fill(of(scene).manifest, schema.Manifest, data)
    return follow(scene)


def add_surface(scene: bpy.types.Scene, region: dict[str, Any]) -> None:
    """Add a surface on a region, and choose it in the list; the scene does not follow yet."""
    group = of(scene).manifest
    data = values.read(group, schema.Manifest)
    data["surfaces"] = [*data["surfaces"], {"where": region, "surface": {"kind": "turned"}}]
    values.fill(group, schema.Manifest, data)
    group.surfaces_index = len(group.surfaces) - 1


def schedule() -> None:
    """Have open scenes follow their properties soon, once a person's hand rests."""
    if bpy.app.background:
        return
    unschedule()
    bpy.app.timers.register(_follow_all, first_interval=_PAUSE_S)


def unschedule() -> None:
    """Forget what :func:`schedule` asked for."""
    if bpy.app.timers.is_registered(_follow_all):
        bpy.app.timers.unregister(_follow_all)


def _follow_all() -> None:
    for scene in documents.inspection_scenes():
        if inspection.is_open(scene):
            follow(scene)
