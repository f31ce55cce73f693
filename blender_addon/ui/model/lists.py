"""Lists of the manifest's properties: an item added, removed, moved, copied.

Parameters go with what they drive: when a light moves up, so does the target of its parameter; when it is removed, so
is the parameter.
"""

from __future__ import annotations

import re
from typing import Any

from ...contract import fields, schema
from . import values
from .shapes import Shape, classes_of, shape


def add(group: Any, path: str, kind: str = "") -> None:
    """Add an item at its defaults, and choose it.

    Args:
        group: properties of a manifest.
        path: of the list in the properties, such as ``lights`` or ``views.poses.poses``.
        kind: which of its kinds, where it has several; nothing: the first.
    """
    what = _shape(path)
    owner = what.hint
    if isinstance(owner, tuple):
        kinds = classes_of(owner)
        owner = kinds[kind or next(iter(kinds))]
    data = {} if fields.kind(owner) is None else {"kind": fields.kind(owner)}
    _append(group, path, what, data)


def duplicate(group: Any, path: str) -> None:
    """Add a copy of the chosen item, and choose it; a copied parameter drives nothing until it has a target."""
    items, index = group.path_resolve(path), group.path_resolve(f"{path}_index")
    if not 0 <= index < len(items):
        return
    what = _shape(path)
    data = values.read_item(items[index], what.hint)
    _append(group, path, what, data)


def remove(group: Any, path: str, index: int = -1) -> None:
    """Remove an item and the parameters that drive it; -1: the chosen one."""
    items = group.path_resolve(path)
    chosen = group.path_resolve(f"{path}_index") if index < 0 else index
    if not 0 <= chosen < len(items):
        return
    items.remove(chosen)
    _choose(group, path, min(chosen, len(items) - 1))
    if path != "parameters":
        _retarget(group, path, {chosen: None} | {old: old - 1 for old in range(chosen + 1, len(items) + 1)})


def move(group: Any, path: str, step: int) -> None:
    """Move the chosen item up (-1) or down (1), with the parameters that drive it."""
    items, chosen = group.path_resolve(path), group.path_resolve(f"{path}_index")
    other = chosen + step
    if not (0 <= chosen < len(items) and 0 <= other < len(items)):
        return
    items.move(chosen, other)
    _choose(group, path, other)
    if path != "parameters":
        _retarget(group, path, {chosen: other, other: chosen})


def _append(group: Any, path: str, what: Shape, data: dict[str, Any]) -> None:
    items = group.path_resolve(path)
    taken = {getattr(holder, name) for item in items for holder in [values.chosen(item)] for name in named(holder)}
    item = items.add()
    values.fill_item(item, what.hint, data)
    _choose(group, path, len(items) - 1)
    holder = values.chosen(item)
    for name in named(holder):
        if getattr(holder, name) in taken | {""}:
            setattr(holder, name, _free(getattr(holder, name) or "parameter", taken))


def named(holder: Any) -> tuple[str, ...]:
    """Fields by which items of a list are told apart; every group of Blender's has a ``name``, be it a field or not."""
    return tuple(name for name in ("name", "id") if name in type(holder).__annotations__)


def _free(name: str, taken: set[Any]) -> str:
    stem = re.sub(r"_\d+$", "", name)
    return next(free for k in range(2, 10_000) if (free := f"{stem}_{k}") not in taken)


def _choose(group: Any, path: str, index: int) -> None:
    head, _, name = path.rpartition(".")
    setattr(group.path_resolve(head) if head else group, f"{name}_index", max(index, 0))


def _retarget(group: Any, path: str, moved: dict[int, int | None]) -> None:
    pattern = re.compile(re.escape(path) + r"\[(\d+)\](.*)")
    for number in reversed(range(len(group.parameters))):
        match = pattern.fullmatch(group.parameters[number].target)
        if match is None or int(match[1]) not in moved:
            continue
        place = moved[int(match[1])]
        if place is None:
            group.parameters.remove(number)
        else:
            group.parameters[number].target = f"{path}[{place}]{match[2]}"


def _shape(path: str) -> Shape:
    """The shape of a list, by the path of its properties."""
    owner: Any = schema.Manifest
    for name in re.sub(r"\[\d+\]", "", path).split("."):
        if isinstance(owner, tuple):
            owner = classes_of(owner)[name]
            continue
        found = shape(fields.hints(owner)[name], fields.info(owner, name))
        owner = found.hint
    return found
