"""What a scene keeps of its manifest: a document, saved with the file, that follows undo.

It is JSON: the manifest in canonical form, where it came from, where its prepared part lies, and how large that is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy

from ..contract import errors, schema, viewpoints
from .properties import of


def write(manifest: schema.Manifest, source: Path, stored: Path, bounds: viewpoints.Bounds) -> str:
    """The document of a manifest that lies at ``source`` and whose prepared part lies at ``stored``."""
    data = {
        "manifest": schema.to_dict(manifest),
        "source": str(source),
        "part": str(stored),
        # With these the drivers live even where the prepared part is gone.
        "center_mm": bounds.center_mm,
        "radius_mm": bounds.radius_mm,
    }
    return _json(data)


def read(document: str) -> tuple[schema.Manifest, viewpoints.Bounds, Path]:
    """Manifest, bounds of its part, and where that lies.

    Raises:
        DataSetError: the document is damaged.
        ManifestError: it was written by a later Defectory.
    """
    try:
        data: dict[str, Any] = json.loads(document)
        bounds = viewpoints.Bounds(tuple(data["center_mm"]), data["radius_mm"])
        return schema.from_dict(data["manifest"]), bounds, Path(data["part"])
    except (ValueError, KeyError, TypeError):
        raise errors.DataSetError("The manifest in this file is damaged; open its manifest again") from None


def changed(document: str, **changes: Any) -> str:
    """The document with other values."""
    return _json({**json.loads(document), **changes})


def inspection_scenes() -> list[bpy.types.Scene]:
    """Scenes of the file that were built from a manifest."""
    return [scene for scene in bpy.data.scenes if of(scene).document]


def manifest_data(scene: bpy.types.Scene) -> dict[str, Any]:
    """The manifest that an inspection scene was built from, as plain data."""
    data: dict[str, Any] = json.loads(of(scene).document)["manifest"]
    return data


def source(scene: bpy.types.Scene) -> Path:
    """Where the manifest of an inspection scene lies, or would lie if it were written."""
    return Path(json.loads(of(scene).document)["source"])


def stored_part(scene: bpy.types.Scene) -> Path:
    """Where the prepared part of an inspection scene lies."""
    return Path(json.loads(of(scene).document)["part"])


def radius_mm(scene: bpy.types.Scene) -> float:
    """Radius of the bounding sphere of the part of an inspection scene."""
    return float(json.loads(of(scene).document)["radius_mm"])


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
