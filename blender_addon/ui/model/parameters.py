"""Parameters of the manifest's properties: what is drawn anew, and from which distribution."""

from __future__ import annotations

import re
from typing import Any

from ...contract import fields, schema
from . import lists, values

DISTRIBUTIONS = ("uniform", "normal", "log_uniform", "choice", "grid", "low_discrepancy")


def find(group: Any, target: str) -> Any | None:
    """The parameter that draws a target, or None."""
    return next((one for one in group.parameters if one.target == target), None)


def add(group: Any, target: str, kind: str, low: float, high: float, scope: str) -> Any:
    """Add a parameter, or change that which draws the target already.

    Args:
        group: properties of a manifest.
        target: field of the manifest, or a property in Blender as ``foreign.target`` names it.
        kind: one of DISTRIBUTIONS.
        low, high: ends of what it draws.
        scope: ``instance`` or ``frame``.
    """
    item = find(group, target)
    if item is None:
        lists.add(group, "parameters")
        item = group.parameters[-1]
        item.id = _free(group, item, target)
    data = {"id": item.id, "target": target, "scope": scope, "distribution": distribution(kind, low, high)}
    values.fill(item, schema.Parameter, data)
    return item


def remove(group: Any, target: str) -> None:
    """Remove the parameter that draws a target."""
    for number, one in enumerate(group.parameters):
        if one.target == target:
            lists.remove(group, "parameters", number)
            return


def distribution(kind: str, low: float, high: float) -> dict[str, Any]:
    """Plain data of a distribution between two ends."""
    data: dict[str, Any] = {"kind": kind}
    if kind == "choice":
        return data | {"options": [low, high]}
    data |= {"low": low, "high": high}
    if kind == "normal":
        data |= {"mean": (low + high) / 2, "deviation": (high - low) / 4}
    if kind == "grid":
        data["steps"] = 5
    return data


def around(value: float, about: fields.FieldInfo) -> tuple[float, float]:
    """Ends of a distribution about a value, within a field's limits; a fifth to either side."""
    reach = abs(value) * 0.2 or 1.0
    low, high = value - reach, value + reach
    if about.low is not None:
        low = max(low, about.low)
    if about.above is not None and low <= about.above:
        low = (about.above + value) / 2
    if about.high is not None:
        high = min(high, about.high)
    return values.shortest(low), values.shortest(high)


def _free(group: Any, item: Any, target: str) -> str:
    """An identifier for what draws a target: short, and none that is taken."""
    stem = _stem(group, target)
    taken = {one.id for one in group.parameters if one != item}
    return stem if stem not in taken else next(n for k in range(2, 10_000) if (n := f"{stem}_{k}") not in taken)


def _stem(group: Any, target: str) -> str:
    words = re.findall(r"[A-Za-z0-9_]+", target.removeprefix(schema.FOREIGN).removesuffix(".default_value"))
    lamp = re.match(r"lights\[(\d+)\]\.", target)
    if lamp:  # by the light's name, which stays when the light moves in its list
        words = [*re.findall(r"[A-Za-z0-9_]+", values.chosen(group.lights[int(lamp[1])]).name), *words[2:]]
    return ".".join(words)[-60:].strip("._0123456789") or "value"
