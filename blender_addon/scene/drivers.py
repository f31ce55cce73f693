"""Drivers keyed by frame: a property either holds what the manifest says, or is drawn by a parameter.

``param(id, frame)`` looks the value up in the table of the manifest that is open. It serves scrubbing in the window and
rendering on a farm alike, so that what is seen at frame i is pair i.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import bpy

from ..contract import fields, sampling

_ASKED = re.compile(r'param\("([^"]+)"')


def install(table: sampling.Table) -> None:
    """Make ``param`` known to all drivers; opening a file forgets it, so this comes after."""
    # Blender hands the frame over as a float.
    bpy.app.driver_namespace["param"] = lambda identifier, frame: table.value(identifier, int(frame))


def revive() -> None:
    """Have Blender try every driver again that asks for ``param`` and was switched off."""
    for owner in _owners():
        data = owner.animation_data
        for curve in data.drivers if data else ():
            if "param(" in curve.driver.expression:
                curve.driver.expression = curve.driver.expression


def drop_strangers(table: sampling.Table) -> None:
    """Take away the drivers of parameters that a manifest does not have, as those of one that was open before."""
    known = {parameter.id for parameter in table.manifest.parameters}
    for owner in _owners():
        data = owner.animation_data
        for curve in list(data.drivers) if data and owner.library is None else ():
            asked = set(_ASKED.findall(curve.driver.expression))
            if any(not identifier.startswith("@") and identifier not in known for identifier in asked):
                data.drivers.remove(curve)


def bind(
    owner: Any, name: str, table: sampling.Table, path: str, *, index: int = -1, scale: float = 1.0, lit: str = ""
) -> None:
    """Set a property from a number of the manifest, by a driver where a parameter draws that number.

    Args:
        owner: an ID, a node socket or any other Blender struct.
        name: its property.
        table: of the manifest.
        path: of the number in the manifest, such as ``lights[0].radiance`` or ``part.rotation_deg[2]``.
        index: in an array property; -1 for a plain one.
        scale: what the number is multiplied by: from the manifest's unit to Blender's.
        lit: name of a light whose light states switch the property on and off.
    """
    identifier = table.driver_of(path)
    factors = [f'param("{identifier}", frame)'] if identifier else []
    if lit and table.manifest.light_states:
        factors.append(f'param("@lit.{lit}", frame)')
    if not factors:
        _set(owner, name, index, _constant(table, path) * scale)
        return
    amount = scale if identifier else _constant(table, path) * scale
    drive(owner, name, " * ".join([*factors, repr(amount)]), index=index)


def bind_vector(owner: Any, name: str, table: sampling.Table, path: str, *, scale: float = 1.0) -> None:
    """:func:`bind` each of the three numbers at ``path`` to an array property."""
    for index in range(3):
        bind(owner, name, table, f"{path}[{index}]", index=index, scale=scale)


def drive(owner: Any, name: str, expression: str, *, index: int = -1) -> None:
    """Put a scripted driver on a property."""
    curve = owner.driver_add(name, index) if index >= 0 else owner.driver_add(name)
    curve.driver.type = "SCRIPTED"
    curve.driver.expression = expression


def _constant(table: sampling.Table, path: str) -> float:
    owner, name, index = fields.locate(table.manifest, path)
    value = getattr(owner, name)
    return float(value if index is None else value[index])


def _set(owner: Any, name: str, index: int, value: float) -> None:
    if index < 0:
        setattr(owner, name, value)
    else:
        getattr(owner, name)[index] = value


def _owners() -> Iterator[Any]:
    """Everything in the file that can carry drivers, node trees inside materials, worlds and lights included."""
    for thing in bpy.data.user_map():
        if hasattr(thing, "animation_data"):
            yield thing
        tree = getattr(thing, "node_tree", None)
        if tree is not None:
            yield tree
