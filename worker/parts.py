"""The prepared part of a data set: made once from the CAD file, read by every shard."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from blender_addon.geometry.mesh import Mesh
from blender_addon.geometry.preparation.part_report import PartReport
from blender_addon.geometry.preparation.prepare import prepare_part
from blender_addon.geometry.preparation.prepared_files import load_prepared, part_key, save_prepared
from manifests import viewpoints
from manifests.digests import file_sha256
from manifests.errors import DataSetError, ManifestError, PartError
from manifests.layout import DataSet
from manifests.sampling import Table
from manifests.schema import Manifest, Part
from manifests.viewpoints import Bounds


@dataclass(frozen=True)
class PreparedPart:
    """A part ready to be rendered.

    Attributes:
        mesh: its triangles.
        report: what was read and repaired.
        key: name of its file; None: it lies in the data set already.
    """

    mesh: Mesh
    report: PartReport
    key: str | None

    def save(self, data_set: DataSet) -> None:
        """Put it into the data set where it does not lie there yet.

        Raises:
            PartError: the disk is full or refuses.
        """
        if self.key is not None:
            save_prepared(data_set.part_folder, self.mesh, self.report, self.key)


def prepare(manifest: Manifest, manifest_file: Path, data_set: DataSet) -> PreparedPart:
    """The part of a manifest: from the data set where it was prepared before, else from the CAD file; writes nothing.

    Raises:
        ManifestError: it has a pattern in place of a part, or names a file in another folder than its own.
        PartError: the CAD file cannot be used.
        DataSetError: the data set was begun with another CAD file.
    """
    part = manifest.the_part()
    home = manifest_file.parent
    source = home / part.file
    if not source.resolve().is_relative_to(home.resolve()):
        raise ManifestError("part.file", f"{source}: must lie in or below {home}, the folder of the manifest")
    if not any(data_set.part_folder.glob("*.npz")):
        mesh, report = _import(source, part)
        key = part_key(report.source_sha256, part.unit, part.face_budget, part.origin)
        return PreparedPart(mesh, report, key)
    mesh, report = load_prepared(prepared_file(data_set))
    # A data set can be moved away from its CAD file; where the file is in reach, it must be the same.
    if source.exists() and sha256(source) != report.source_sha256:
        raise DataSetError(f"{source}: has changed since {data_set.place} was begun; choose another --out")
    return PreparedPart(mesh, report, None)


def prepared_file(data_set: DataSet) -> Path:
    """File of the one prepared part of a data set.

    Raises:
        DataSetError: there is none, or more than one.
    """
    found = sorted(data_set.part_folder.glob("*.npz"))
    if len(found) != 1:
        what = "no prepared part" if not found else "more than one prepared part"
        raise DataSetError(f"{data_set.part_folder}: holds {what}; render the manifest anew into another folder")
    return found[0]


def sha256(path: Path) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        PartError: it cannot be read.
    """
    try:
        return file_sha256(path)
    except OSError as error:
        raise PartError(f"{path}: cannot be read: {error.strerror}") from None


def table(manifest: Manifest, part: Path) -> Table:
    """The values of a manifest for a prepared part."""
    mesh, _ = load_prepared(part)
    return Table(manifest, viewpoints.plan(manifest.views, manifest.camera, Bounds.of(mesh.vertices_mm)))


def _import(source: Path, part: Part) -> tuple[Mesh, PartReport]:
    """Read and repair a CAD file in a thread, so that Ctrl-C need not wait for compiled code to return."""
    results: list[tuple[Mesh, PartReport]] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            results.append(prepare_part(source, unit=part.unit, face_budget=part.face_budget, origin=part.origin))
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(timeout=0.1)
    if problems:
        raise problems[0]
    return results[0]
