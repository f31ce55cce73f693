"""The lights of a manifest, a module for each family of them."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...contract import sampling, schema, viewpoints
from .diffuser import add_diffuser
from .lamps import add_panel, add_spot
from .ring import add_ring
from .surroundings import add_dome, add_environment, add_world, darken


def add_lights(
    scene: bpy.types.Scene,
    table: sampling.Table,
    views: viewpoints.Viewpoints,
    viewpoint: bpy.types.Object,
    assets_folder: Path,
) -> None:
    """Add every light; what is not lit from outside is black.

    Args:
        scene: that is lit.
        table: of the manifest.
        views: poses of all views; what stays in the scene stays at the first.
        viewpoint: the empty that goes from view to view, for what follows the camera.
        assets_folder: below which the manifest's assets lie.
    """
    darken(scene)
    for number, light in enumerate(table.manifest.lights):
        path = f"lights[{number}]"
        if isinstance(light, schema.World):
            add_world(scene, table, path, light)
        elif isinstance(light, schema.Dome):
            add_dome(scene, table, path, light)
        elif isinstance(light, schema.Environment):
            add_environment(scene, table, path, light, assets_folder)
        elif isinstance(light, schema.Diffuser):
            add_diffuser(scene, table, path, light, views, viewpoint)
        elif isinstance(light, schema.RingLight):
            add_ring(scene, table, path, light, views, viewpoint)
        elif isinstance(light, schema.Panel):
            add_panel(scene, table, path, light, viewpoint)
        else:
            add_spot(scene, table, path, light, viewpoint)
