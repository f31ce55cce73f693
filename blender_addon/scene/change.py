"""A built scene follows its manifest: only what a change concerns is built anew.

So what a person has done by hand elsewhere in the scene survives, and a change shows at once.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..contract import sampling, schema, viewpoints
from ..geometry.mesh import Mesh
from ..geometry.selection import surface_index
from .build import InspectionScene, add_coating, add_rig, describe, forget_geometry, resume_scene
from .cycles import set_up_cycles
from .drivers import install
from .labels import LABEL_LAYER
from .marks import built, marking
from .part import place_part

_RIG = {"camera", "views", "lights", "light_states", "backdrop"}
_COATING = {"surface", "surfaces", "impurities", "render.masks", "output.passes", "twin"}
_PLACE = {"part.location_mm", "part.rotation_deg"}
_NO_GEOMETRY = {"name", "lights", "light_states", "backdrop", "render", "output", "repeats", *_PLACE}


def change_scene(
    inspection: InspectionScene,
    manifest: schema.Manifest,
    mesh: Mesh,
    assets_folder: Path = Path(),
    *,
    anew: bool = False,
) -> InspectionScene:
    """Make the scene of a manifest that of another.

    Args:
        inspection: the scene as it is.
        manifest: what it is to show from now on.
        mesh: the prepared part of ``manifest``.
        assets_folder: below which the manifest's assets lie.
        anew: build everything, as after a person has deleted some of it.

    Returns:
        The same scene; it may show no instance until ``show_geometry``.

    Raises:
        ManifestError: the views or a surface's region do not suit the part; the scene is as it was.
    """
    scene, part, old = inspection.scene, inspection.part, inspection.table.manifest
    surface_index(mesh, manifest.surfaces)
    bounds = viewpoints.Bounds.of(mesh.vertices_mm)
    table = sampling.Table(manifest, viewpoints.plan(manifest.views, manifest.camera, bounds))
    anew = anew or mesh is not inspection.given
    changed = changes(old, manifest)
    install(table)
    describe(scene, manifest)
    if anew or _touches(changed, _RIG):
        bpy.data.batch_remove(_own(scene, "rig"))
        with marking("rig"):
            add_rig(scene, table, bounds, assets_folder)
    if anew or _touches(changed, _COATING):
        _uncoat(scene)
        with marking("coating"):
            materials = add_coating(scene, table)
        part.data.materials.clear()
        for material in materials:
            part.data.materials.append(material)
    if _touches(changed, _PLACE):
        place_part(part, table)
    set_up_cycles(scene, manifest.render)
    if not anew and all(_touches({path}, _NO_GEOMETRY) for path in changed):
        return replace(inspection, table=table)
    forget_geometry(part)
    return resume_scene(scene, part, table, mesh)


def changes(old: schema.Manifest, new: schema.Manifest) -> set[str]:
    """Paths of the fields that differ, down to two names, such as ``render.masks``; of parameters, their targets."""
    differing = set()
    before, after = schema.to_dict(old), schema.to_dict(new)
    for name in before:
        if before[name] == after[name] or name == "parameters":
            continue
        if isinstance(before[name], dict) and isinstance(after[name], dict):
            keys = before[name].keys() | after[name].keys()
            differing |= {f"{name}.{key}" for key in keys if before[name].get(key) != after[name].get(key)}
        else:
            differing.add(name)
    for mine, others in ((old.parameters, new.parameters), (new.parameters, old.parameters)):
        differing |= {p.target.partition("[")[0] for p in mine if p not in others}
    return differing


def _touches(changed: set[str], section: set[str]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for path in changed for field in section)


def _own(scene: bpy.types.Scene, section: str) -> set[bpy.types.ID]:
    """What was built for a section; the scene's collection of the rig stays, for a person may have put things there."""
    return {thing for thing in built(section) if not isinstance(thing, bpy.types.Collection)}


def _uncoat(scene: bpy.types.Scene) -> None:
    layer: Any = scene.view_layers[0]
    for channel in list(layer.aovs):
        layer.aovs.remove(channel)
    if LABEL_LAYER in scene.view_layers:
        scene.view_layers.remove(scene.view_layers[LABEL_LAYER])
    bpy.data.batch_remove(_own(scene, "coating"))
