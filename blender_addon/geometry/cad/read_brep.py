"""STEP and IGES by OpenCascade (the cascadio wheel): exact surfaces become triangles, one group per CAD face."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from ...contract import errors
from ..child import python_executable, run_python
from ..mesh import Mesh
from .read_gltf import gltf_mesh

DEFLECTION_MM = 0.01
"""Largest distance between the exact surface and the triangles, on parts up to 100 mm."""
DEFLECTION_SHARE = 1e-4
"""The same as a share of the largest body's extent, on larger parts: a hull of 20 m has no use for hundredths."""
DEFLECTION_RAD = 0.2
"""Largest angle between the normals of neighbouring triangles on a curved face."""

# The size is known only from a first, coarse tessellation: cheap beside the parsing.
_CHILD = """
import cascadio
source, target, kind, unit_mm, linear, share, angular = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
file_type = getattr(cascadio.FileType, kind)
glb = cascadio.to_glb_bytes(data, file_type, 1e6, 1.5, False, True, True)
if glb:
    document = json.loads(glb[20:20 + int.from_bytes(glb[12:16], "little")])
    ranges = [a for a in document.get("accessors", ()) if a.get("type") == "VEC3" and "max" in a]
    extents = [high - low for a in ranges for low, high in zip(a["min"], a["max"])]
    linear = max(float(linear), float(share) * float(unit_mm) * max(extents, default=0.0))
    glb = cascadio.to_glb_bytes(data, file_type, linear, float(angular), False, False, True)
with open(target, "wb") as file:
    file.write(glb)
"""
_OPENCASCADE_ERROR = re.compile(r"ERR StepFile : [^:]*: *(.*?)\s*\**\s*$", re.MULTILINE)


def read_brep(path: Path, kind: str) -> Mesh:
    """Read a STEP or IGES file; Objects are named as its instances.

    Whatever the file's unit, coordinates come in metres from STEP and in millimetres from IGES: so cascadio has it.

    Args:
        path: the file.
        kind: ``STEP`` or ``IGES``.

    Raises:
        PartError: truncated, damaged, without a body, or OpenCascade crashed on it.
    """
    if kind == "STEP" and b"END-ISO-10303-21" not in _tail(path):
        raise errors.PartError(
            f"{path.name}: truncated: the text ends before 'END-ISO-10303-21'; copy or export it again"
        )
    if python_executable() is None:
        raise errors.PartError(
            f"{path.name}: no Python interpreter to read {kind} with; prepare it with `defectory` first"
        )
    with tempfile.TemporaryDirectory(prefix="defectory-") as folder:
        target = Path(folder) / "part.glb"
        settings = ("1000" if kind == "STEP" else "1", DEFLECTION_MM, DEFLECTION_SHARE, DEFLECTION_RAD)
        status, output = run_python(_CHILD, [str(path), str(target), kind, *map(str, settings)])
        glb = target.read_bytes() if status == 0 and target.exists() else b""
    if "No module named 'cascadio'" in output:
        raise errors.PartError(
            f"{path.name}: reading {kind} needs the package cascadio; install it: pip install cascadio"
        )
    if status != 0:
        raise errors.PartError(f"{path.name}: OpenCascade failed on it (status {status}); export it again, or as STL")
    # OpenCascade skips an entity that it cannot parse and goes on: a part with a face less is worse than none.
    found = _OPENCASCADE_ERROR.search(re.sub(r"\x1b\[[0-9;]*m", "", output))
    if found or not glb:
        reason = found[1] if found else "no readable body in it"
        raise errors.PartError(f"{path.name}: damaged {kind} file: {reason}; export it again")
    # cascadio keeps the CAD's axes although glTF is y up by specification.
    return gltf_mesh(path.name, glb, None, turned_z_up=False)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read()
