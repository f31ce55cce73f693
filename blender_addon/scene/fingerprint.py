"""What a scene holds, in one number: two scenes with the same fingerprint hold the same.

A ``.blend`` has other bytes each time that it is written. With a fingerprint, one that holds what it should is left as
it is, and a manifest that is opened and exported again is the same to the letter.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from .marks import built
from .part import PART

_NOTED = "defectory_holds"
"""Custom property of a scene: its fingerprint when it was last exported."""

# What follows from a frame, from the window or from Blender's housekeeping and is nothing that a person made.
_SKIPPED = {
    *("rna_type", "name_full", "original", "session_uid", "users", "use_extra_user", "tag", "library_weak_reference"),
    *("is_evaluated", "is_updated", "select", "show_expanded", "preview", "frame_current", "frame_subframe"),
    *("vertex_selection", "edge_selection", "filepath", "filepath_raw", "is_dirty"),
    *("frame_current_final", "frame_float", "matrix_world", "matrix_local", "matrix_basis", "matrix_parent_inverse"),
    *("bound_box", "dimensions", "animation_data", "active_index", "location_absolute", "is_embedded_data", "active"),
    *("view_layers", "objects", "all_objects", "children_recursive", "interface", "sequence_editor", "cycles_curves"),
    *("bl_description", "bl_label", "internal_links", "warning_propagation", "is_runtime_data", "is_missing"),
    *("depsgraph", "width", "height", "location", "view_center", "grease_pencil", "tool_settings", "defectory"),
    *("display", "cursor", "ffmpeg", "image_settings", "linear_colorspace_settings", "sequencer_colorspace_settings"),
}
_KEPT_OF_OBJECTS = {"location"}
_DEEPEST = 6
_MANY = 1000
"""Items from which on a collection is read as arrays of numbers, property by property."""
_NUMBERS = {"FLOAT": np.float32, "INT": np.int32, "BOOLEAN": np.bool_}
_NUMBERED = re.compile(r"\.\d{3}$")


def fingerprint(scene: bpy.types.Scene) -> str:
    """SHA-256 (hex) of a scene and of all that it uses, at its first frame; it is left at the frame that it shows.

    The mesh of an instance is left out, for it follows from the manifest.
    """
    shown = scene.frame_current
    scene.frame_set(0)
    try:
        instance = {scene[PART].data} if scene.get(PART) is not None else set()
        known = _Names(instance)
        return _digest(sorted(known.digest(thing) for thing in used(scene) - instance))
    finally:
        scene.frame_set(shown)


@contextlib.contextmanager
def noted(scene: bpy.types.Scene) -> Iterator[None]:
    """Remember, in the scene, what it holds now, unless what is done with it fails."""
    before = scene.get(_NOTED)
    scene[_NOTED] = fingerprint(scene)
    try:
        yield
    except BaseException:
        if before is None:
            del scene[_NOTED]
        else:
            scene[_NOTED] = before
        raise


def is_as_noted(scene: bpy.types.Scene) -> bool:
    """Whether a scene holds what it held when it was :func:`noted` last."""
    return bool(scene.get(_NOTED) == fingerprint(scene))


def used(scene: bpy.types.Scene) -> set[bpy.types.ID]:
    """A scene and everything that it uses, however far."""
    users = bpy.data.user_map()
    found, edge = {scene}, {scene}
    while edge:
        edge = {thing for thing, by in users.items() if by & edge} - found
        edge -= {thing for thing in edge if isinstance(thing, bpy.types.Scene)}
        found |= edge
    return found


class _Names:
    """What data-blocks are called: a person's as they are, those that were built without the number of Blender's."""

    def __init__(self, instance: set[bpy.types.ID]) -> None:
        self.built = built() | instance
        self._known: dict[type, list[tuple[str, str, bool, bool]]] = {}

    def of(self, thing: bpy.types.ID) -> str:
        ours = thing in self.built or isinstance(thing, bpy.types.Scene)
        return _NUMBERED.sub("", thing.name) if ours else thing.name

    def digest(self, thing: bpy.types.ID) -> str:
        return _digest([f"{thing.id_type} {self.of(thing)!r}:", *self.lines(thing, 0)])

    def lines(self, thing: Any, depth: int) -> Iterator[str]:
        """Name and value of every property, of what it holds likewise."""
        if isinstance(thing, bpy.types.NodeLink):
            ends = ((thing.from_node, thing.from_socket), (thing.to_node, thing.to_socket))
            yield "-".join(f"{node.name}.{socket.identifier}" for node, socket in ends)
            return
        if isinstance(thing, bpy.types.PackedFile):
            yield hashlib.sha256(thing.data).hexdigest()
            return
        for name, kind, many, writable in self._properties(thing):
            try:
                value = getattr(thing, name)
            except (AttributeError, RuntimeError):
                continue
            if kind == "COLLECTION":
                yield from self._collection(name, value, depth)
            elif kind == "POINTER":
                if isinstance(value, bpy.types.ID) and not value.is_embedded_data:
                    yield f"{name}={self.of(value)};"
                elif value is not None and depth < _DEEPEST and not isinstance(value, bpy.types.Node):
                    yield f"{name}:"
                    yield from self.lines(value, depth + 1)
            elif writable:
                held = [round(float(x), 6) for x in np.ravel(value)] if many else value
                yield f"{name}={round(held, 6) if isinstance(held, float) else held!r};"
        for curve in getattr(getattr(thing, "animation_data", None), "drivers", ()):
            yield f"{curve.data_path}[{curve.array_index}]={curve.driver.expression};"
        if isinstance(thing, bpy.types.Modifier):  # inputs of geometry nodes are custom properties
            yield from (f"{name}={value!r};" for name, value in thing.items() if isinstance(value, float | int | str))

    def _properties(self, thing: Any) -> list[tuple[str, str, bool, bool]]:
        """Name and type of each property that counts, whether it holds several values, whether a person can set it."""
        if type(thing) not in self._known:
            skipped = _SKIPPED - (_KEPT_OF_OBJECTS if isinstance(thing, bpy.types.Object) else set())
            skipped |= {"name"} if isinstance(thing, bpy.types.ID) else set()
            self._known[type(thing)] = [
                (
                    one.identifier,
                    one.type,
                    getattr(one, "is_array", False),
                    not one.is_readonly and not getattr(one, "is_runtime", False),
                )
                for one in thing.bl_rna.properties
                if one.identifier not in skipped
            ]
        return self._known[type(thing)]

    def _collection(self, name: str, items: Any, depth: int) -> Iterator[str]:
        yield f"{name}*{len(items)}:"
        if len(items) >= _MANY:
            yield from _arrays(items)
        elif depth < _DEEPEST:
            for item in items:
                if isinstance(item, bpy.types.ID):
                    yield f"{self.of(item)},"
                elif not (isinstance(item, bpy.types.Attribute) and item.name.startswith(".select")):
                    yield from self.lines(item, depth + 1)


def _arrays(items: Any) -> Iterator[str]:
    """Every number that the items of a long collection, all of one type, hold."""
    for one in items[0].bl_rna.properties:
        # A polygon has now three vertices and now four; the mesh's loops hold them too.
        uneven = isinstance(items[0], bpy.types.MeshPolygon) and one.identifier == "vertices"
        if one.type in _NUMBERS and not one.is_readonly and not uneven and one.identifier not in _SKIPPED:
            values = np.zeros(len(items) * max(one.array_length, 1), dtype=_NUMBERS[one.type])
            items.foreach_get(one.identifier, values)
            yield f"{one.identifier}={hashlib.sha256(values.tobytes()).hexdigest()};"


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()
