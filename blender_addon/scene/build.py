"""The whole scene of a manifest."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ..contract import sampling, schema, viewpoints
from ..geometry.defects.instances import Instance, build_instance
from ..geometry.defects.placement import Ground
from ..geometry.impurities.instances import Laid, lay_on
from ..geometry.mesh import Mesh
from ..geometry.progress import Progress, unseen
from ..geometry.refine import refine
from ..geometry.selection import surface_index
from . import MM
from .backdrop import add_backdrop
from .cameras import add_camera
from .cycles import set_up_cycles
from .drivers import install
from .impurities import lay_impurities
from .impurities.stickers import make_sticker, sticker_entries
from .labels import label
from .lights import add_lights
from .marks import marking
from .part import PART, add_part, show_instance
from .passes import add_passes
from .surfaces import make_surface, mesh_edge_mm, surface_paths

_INSTANCE, _MANIFEST, _CLASSES = "defectory_instance", "defectory_manifest", "defectory_classes"


@dataclass
class InspectionScene:
    """A scene that can show any frame of its manifest.

    Attributes:
        scene: Blender's.
        table: values by frame.
        defects: of the instance that is shown, as the index of the data set lists them.
        warnings: of the instance that is shown.
        built: that instance; None until one has been built here.
        given, ground, mesh: the prepared part, what defects are laid on, and the part as finely divided as its surface
            asks for.
        surfaces: for each triangle of ``mesh`` its surface, as ``surface_index`` numbers them.
    """

    scene: bpy.types.Scene
    table: sampling.Table
    part: bpy.types.Object
    given: Mesh
    ground: Ground
    mesh: Mesh
    surfaces: NDArray[np.int32]
    defects: tuple[dict[str, object], ...] = ()
    warnings: tuple[str, ...] = ()
    built: Instance | None = None
    laid: Laid | None = None

    def show(self, frame: int) -> None:
        """Show a frame: its instance's geometry, and every driven property at its value."""
        self.show_geometry(frame)
        self.scene.frame_set(frame)

    def show_geometry(self, frame: int, progress: Progress = unseen) -> None:
        """Give the part the geometry of a frame's instance; not while Blender renders, for it replaces the mesh."""
        if self.shows_geometry(frame):
            return
        instance = sampling.locate_frame(self.table.manifest, frame).instance
        eyes_mm = self.table.viewpoints.locations_mm
        built = build_instance(self.table.manifest, self.ground, self.mesh, eyes_mm, instance, progress)
        laid = lay_on(self.table.manifest, self.ground, self.mesh, eyes_mm, built, instance)
        self.built, self.laid, self.defects, self.warnings = built, laid, built.defects, built.warnings + laid.warnings
        show_instance(self.part, built, laid, self.slots(laid))
        self.part.data[_INSTANCE] = instance
        # With the mesh, so that undo and files bring both back together.
        self.part.data[_CLASSES] = json.dumps(
            {d["id"]: d["label"] for d in built.defects if not d.get("insignificant")}
        )

    def slots(self, laid: Laid) -> NDArray[np.int32]:
        """(m,) the part's material of each triangle of the instance that is shown, and of what lies on it."""
        assert self.built is not None
        manifest = self.table.manifest
        own = dict(zip(sticker_entries(manifest), range(len(surface_paths(manifest)), 1 << 16)))
        stuck = np.array([own[entry] for entry in laid.entries], dtype=np.int32)
        return np.concatenate([self.surfaces[self.built.parents], stuck])

    def poses(self) -> dict[str, dict[str, object]]:
        """Pose in the scene of the ``camera`` and of the ``part`` in the frame that is shown.

        Each has ``location_mm`` (3,) and ``rotation`` (3, 3), whose columns are its axes; a camera looks along its -z.
        """
        poses = {}
        for name, thing in (("camera", self.scene.camera), ("part", self.part)):
            location, rotation, _ = thing.matrix_world.decompose()
            # What comes from 32-bit floats has no more digits than these.
            rows = [[round(x, 8) for x in row] for row in rotation.to_matrix()]
            poses[name] = {"location_mm": [round(x / MM, 5) for x in location], "rotation": rows}
        return poses

    def shows_geometry(self, frame: int) -> bool:
        """Whether the part has the geometry of a frame's instance."""
        # The mesh itself says which instance it is: a file that is opened and a step that is undone bring it back.
        shown: object = self.part.data.get(_INSTANCE)
        return shown == sampling.locate_frame(self.table.manifest, frame).instance


def build_scene(
    manifest: schema.Manifest, mesh: Mesh, scene: bpy.types.Scene | None = None, assets_folder: Path = Path()
) -> InspectionScene:
    """Build the scene of a manifest.

    Args:
        manifest: what to build.
        mesh: the prepared part.
        scene: an empty one; None: the one that is open.
        assets_folder: below which the manifest's assets lie.

    Raises:
        ManifestError: a surface's region selects nothing on this part, or an asset cannot be read.
    """
    scene = scene or bpy.context.scene
    # First of all: a region that selects nothing must not leave half a scene.
    surface_index(mesh, manifest.surfaces)
    bounds = viewpoints.Bounds.of(mesh.vertices_mm)
    views = viewpoints.plan(manifest.views, manifest.camera, bounds)
    table = sampling.Table(manifest, views)
    install(table)
    describe(scene, manifest)
    scene.unit_settings.system, scene.unit_settings.length_unit = "METRIC", "MILLIMETERS"

    with marking("rig"):
        add_rig(scene, table, bounds, assets_folder)
    with marking("coating"):
        materials = add_coating(scene, table)
    with marking("part"):
        part = add_part(scene, table, materials)
    set_up_cycles(scene, manifest.render)
    return resume_scene(scene, part, table, mesh)


def add_rig(scene: bpy.types.Scene, table: sampling.Table, bounds: viewpoints.Bounds, assets_folder: Path) -> None:
    """All that stands around the part: camera, lights, backdrop."""
    views = table.viewpoints
    viewpoint, _ = add_camera(scene, table, bounds)
    add_lights(scene, table, views, viewpoint, assets_folder)
    add_backdrop(scene, table.manifest.backdrop, views, bounds, viewpoint)


def add_coating(scene: bpy.types.Scene, table: sampling.Table) -> list[bpy.types.Material]:
    """The part's materials, in the order of its surfaces and then of its stickers: with impurities, labels, passes."""
    manifest = table.manifest
    coated = []
    for path in surface_paths(manifest):
        material, shader = make_surface(table, path)
        coated.append((material, *lay_impurities(material, table, shader)))
    for entry in sticker_entries(manifest):
        coated.append((*make_sticker(table, f"impurities[{entry}]"), []))
    label(scene, coated, manifest.render)
    materials = [material for material, _, _ in coated]
    add_passes(scene.view_layers[0], materials, manifest.output)
    return materials


def describe(scene: bpy.types.Scene, manifest: schema.Manifest) -> None:
    """Write the manifest into its scene, and its frames onto the timeline: frame i of it is pair i.

    The view is that of the output.
    """
    scene[_MANIFEST] = json.dumps(schema.to_dict(manifest), sort_keys=True, allow_nan=False)
    scene.frame_start, scene.frame_end = 0, manifest.frame_count - 1
    _view_as_developed(scene, manifest.output)


def _view_as_developed(scene: bpy.types.Scene, output: schema.Output) -> None:
    """Have the rendered viewport show light as images are developed from it, and not as Blender's films would."""
    settings = scene.view_settings
    with suppress(TypeError):  # a studio's own colour management may lack them
        settings.view_transform = "Raw" if output.view_transform == "linear" else "Standard"
        settings.look = "None"
    settings.exposure = output.exposure_stops


def is_described(scene: bpy.types.Scene) -> bool:
    """Whether a scene was built from a manifest."""
    return _MANIFEST in scene


def forget_manifest(scene: bpy.types.Scene) -> None:
    """Have a scene be none that was built from a manifest."""
    for name in (_MANIFEST, PART):
        scene.pop(name, None)


def described() -> bpy.types.Scene | None:
    """The scene of the open file that was built from a manifest; None: there is none."""
    return next((scene for scene in bpy.data.scenes if is_described(scene)), None)


def manifest_of(scene: bpy.types.Scene) -> schema.Manifest:
    """The manifest that a scene was built from.

    Raises:
        ManifestError: it was built by a later Defectory.
    """
    return schema.from_dict(json.loads(scene[_MANIFEST]))


def part_of(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The object that shows the instances, and no copy of it; None where a person has deleted it."""
    part = scene.get(PART)
    return part if part is not None and part.type == "MESH" and part.name in scene.objects else None


def classes_of_defects(mesh: bpy.types.Mesh) -> dict[int, str]:
    """Of each defect in an instance's mesh its id and its class, but for those that are in no mask."""
    return {int(number): label for number, label in json.loads(mesh.get(_CLASSES, "{}")).items()}


def forget_geometry(part: bpy.types.Object) -> None:
    """Have the part's geometry built anew the next time that an instance is shown."""
    part.data.pop(_INSTANCE, None)


def resume_scene(scene: bpy.types.Scene, part: bpy.types.Object, table: sampling.Table, mesh: Mesh) -> InspectionScene:
    """The inspection scene of a Blender scene that was built before, as a file holds it."""
    ground = Ground(mesh.vertices_mm, mesh.triangles)
    finer = _finer(mesh, mesh_edge_mm(table.manifest))
    surfaces = surface_index(finer, table.manifest.surfaces)
    return InspectionScene(scene, table, part, mesh, ground, finer, surfaces)


def _finer(mesh: Mesh, edge_mm: float | None) -> Mesh:
    if edge_mm is None:
        return mesh
    vertices, triangles, parents = refine(mesh.vertices_mm, mesh.triangles, lambda c, r: np.full(len(c), edge_mm))
    return mesh.of_triangles(vertices, triangles, parents)
