"""What a scene holds, in one number: two scenes with the same fingerprint hold the same.

A ``.blend`` has other bytes each time that it is written. With a fingerprint, one that holds what it should is left as
it is, and a manifest that is opened and exported again is the same to the letter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from .part import PART

# What follows from a frame, from the window or from Blender's housekeeping and is nothing that a person made.
_SKIPPED = {
    *("rna_type", "name_full", "original", "session_uid", "users", "use_extra_user", "tag", "library_weak_reference"),
    *(
        "is_evaluated",
        "is_updated",
        "select",
        "show_expanded",
        "preview",
        "frame_current",
        "frame_subframe",
        "filepath",
    ),
    *("frame_current_final", "frame_float", "matrix_world", "matrix_local", "matrix_basis", "matrix_parent_inverse"),
    *("bound_box", "dimensions", "animation_data", "active_index", "location_absolute", "is_embedded_data", "active"),
    *("view_layers", "objects", "all_objects", "children_recursive", "interface", "sequence_editor", "cycles_curves"),
    *(
        "bl_description",
        "bl_label",
        "internal_links",
        "warning_propagation",
        "is_runtime_data",
        "is_missing",
        "depsgraph",
    ),
    *("width", "height", "location", "view_center", "grease_pencil", "tool_settings", "defectory", "display"),
    *("ffmpeg", "image_settings", "linear_colorspace_settings", "sequencer_colorspace_settings"),
}
_KEPT_OF_OBJECTS = {"location"}
_DEEPEST = 6
_NUMBERED = re.compile(r"\.\d{3}$")


def fingerprint(scene: bpy.types.Scene) -> str:
    """SHA-256 (hex) of a scene and of all that it uses, at its first frame; it is left at the frame that it shows.

    The mesh of an instance is left out, for it follows from the manifest.
    """
    shown = scene.frame_current
    scene.frame_set(0)
    try:
        digest = hashlib.sha256()
        left_out = {scene[PART].data} if scene.get(PART) is not None else set()
        for thing in sorted(_used(scene) - left_out, key=lambda one: (one.id_type, one.name)):
            digest.update(repr((thing.id_type, _plain(thing.name))).encode())
            for line in _lines(thing, 0):
                digest.update(line.encode())
        return digest.hexdigest()
    finally:
        scene.frame_set(shown)


def _used(scene: bpy.types.Scene) -> set[bpy.types.ID]:
    """A scene and everything that it uses, however far."""
    users = bpy.data.user_map()
    found, edge = {scene}, {scene}
    while edge:
        edge = {thing for thing, by in users.items() if by & edge} - found
        edge -= {thing for thing in edge if isinstance(thing, bpy.types.Scene)}
        found |= edge
    return found


def _lines(thing: Any, depth: int) -> Iterable[str]:
    """Name and value of every property, of what it holds likewise."""
    if isinstance(thing, bpy.types.NodeLink):
        ends = ((thing.from_node, thing.from_socket), (thing.to_node, thing.to_socket))
        yield "-".join(f"{node.name}.{socket.identifier}" for node, socket in ends)
        return
    for one in thing.bl_rna.properties:
        name = one.identifier
        if name in _SKIPPED and not (name in _KEPT_OF_OBJECTS and isinstance(thing, bpy.types.Object)):
            continue
        try:
            value = getattr(thing, name)
        except (AttributeError, RuntimeError):
            continue
        if one.type == "COLLECTION":
            yield from _collection(name, value, depth)
        elif one.type == "POINTER":
            if isinstance(value, bpy.types.ID) and not value.is_embedded_data:
                yield f"{name}={_plain(value.name)};"
            elif value is not None and depth < _DEEPEST and not isinstance(value, bpy.types.Node):
                yield f"{name}:"
                yield from _lines(value, depth + 1)
        elif not one.is_readonly and not getattr(one, "is_runtime", False):
            held = [round(float(x), 6) for x in np.ravel(value)] if getattr(one, "is_array", False) else value
            yield f"{name}={round(held, 6) if isinstance(held, float) else held!r};"
    for curve in getattr(getattr(thing, "animation_data", None), "drivers", ()):
        yield f"{curve.data_path}[{curve.array_index}]={curve.driver.expression};"
    if isinstance(thing, bpy.types.Modifier):  # inputs of geometry nodes are custom properties
        yield from (f"{name}={value!r};" for name, value in thing.items() if isinstance(value, float | int | str))


def _collection(name: str, items: Any, depth: int) -> Iterable[str]:
    yield f"{name}*{len(items)}:"
    if len(items) and name in ("vertices", "loops"):
        key = "co" if name == "vertices" else "vertex_index"
        values = np.zeros(len(items) * (3 if key == "co" else 1), dtype=np.float32 if key == "co" else np.int32)
        items.foreach_get(key, values)
        yield hashlib.sha256(values.tobytes()).hexdigest()
    elif depth < _DEEPEST and len(items) < 1000:
        for item in items:
            if isinstance(item, bpy.types.ID):
                yield f"{_plain(item.name)},"
            else:
                yield from _lines(item, depth + 1)


def _plain(name: str) -> str:
    """A name without the number that Blender adds where it is taken."""
    return _NUMBERED.sub("", name)
