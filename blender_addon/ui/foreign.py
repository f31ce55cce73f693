"""Parameters that drive what is no field of the manifest: any property in Blender, by its path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import bpy

from ..contract import errors, schema
from ..scene.drivers import drive

_PATH = re.compile(
    r"""(?P<collection>\w+)\[(?P<quote>['"])(?P<name>.*?)(?P=quote)\](?P<tree>\.node_tree)?\.(?P<path>.+)"""
)
_INDEX = re.compile(r"(?P<path>.+)\[(?P<index>\d+)\]")


def target(owner: bpy.types.ID, data_path: str, index: int = -1) -> str:
    """What a manifest calls a property.

    Args:
        owner: data-block that it belongs to.
        data_path: of the property from there.
        index: in an array property; -1 for a plain one.
    """
    place = repr(owner).removeprefix("bpy.data.")
    return f"{schema.FOREIGN}{place}.{data_path}{f'[{index}]' if index >= 0 else ''}"


def locate(text: str) -> tuple[Any, str, int]:
    """Data-block, path and index of a target; see :func:`target`.

    Raises:
        ManifestError: it is gone, as after it was renamed or deleted.
    """
    match = _PATH.fullmatch(text.removeprefix(schema.FOREIGN))
    if match is None:
        raise errors.ManifestError("target", f"'{text}' is no path of a property in Blender")
    things = getattr(bpy.data, match["collection"], {})
    owner = things.get(match["name"]) if hasattr(things, "get") else None
    if owner is not None and match["tree"]:
        owner = owner.node_tree
    path, index = match["path"], -1
    try:
        if owner is None:
            raise ValueError
        value = owner.path_resolve(path)
    except ValueError:
        raise errors.ManifestError(
            "target", f"{text.removeprefix(schema.FOREIGN)} is gone: it was renamed or deleted; remove the parameter"
        ) from None
    ended = _INDEX.fullmatch(path)
    if ended and isinstance(value, float | int) and not isinstance(value, bool):
        # An index in a node's sockets stays in the path; one in a property's numbers does not.
        try:
            array = owner.path_resolve(ended["path"])
        except ValueError:
            array = None
        if array is not None and not isinstance(array, bpy.types.bpy_prop_collection):
            path, index = ended["path"], int(ended["index"])
    return owner, path, index


def exists(text: str) -> bool:
    """Whether the property of a target is there."""
    try:
        locate(text)
    except errors.ManifestError:
        return False
    return True


def release(before: Iterable[schema.Parameter], after: Iterable[schema.Parameter]) -> None:
    """Take away the drivers of parameters that are in the manifest no more; what is gone already stays gone."""
    for text, _ in _drivers(before) - _drivers(after):
        if exists(text):
            owner, path, index = locate(text)
            holder, name = _split(owner, path)
            holder.driver_remove(name, index)


def attach(before: Iterable[schema.Parameter], after: Iterable[schema.Parameter]) -> None:
    """Put in the drivers of parameters that are new in the manifest, where their targets exist."""
    for text, identifier in sorted(_drivers(after) - _drivers(before)):
        if exists(text):
            owner, path, index = locate(text)
            holder, name = _split(owner, path)
            drive(holder, name, f'param("{identifier}", frame)', index=index)


def _drivers(parameters: Iterable[schema.Parameter]) -> set[tuple[str, str]]:
    return {(p.target, p.id) for p in parameters if p.target.startswith(schema.FOREIGN) and not p.muted}


def _split(owner: Any, path: str) -> tuple[Any, str]:
    """The struct that has the property, and the property's name."""
    head, dot, name = path.rpartition(".")
    if path.endswith("]"):  # a custom property, or a modifier's input: its name is in brackets
        start = path.rindex("[")
        return (owner.path_resolve(path[:start].rstrip(".")) if start else owner), path[start:]
    return (owner.path_resolve(head) if dot else owner), name
