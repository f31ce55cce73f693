"""Plain data in and out of the property groups of the schema.

Blender keeps numbers in 32 bits. What is read is the shortest number that those 32 bits stand for, so that 0.1 stays
0.1; and :func:`unchanged` gives back the manifest's own digits wherever a person has not touched a number.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

from ...contract import errors, fields
from .shapes import FIXED, Shape, classes_of, shape


def fill(group: Any, owner: type, data: dict[str, Any] | None = None) -> None:
    """Write data of a schema class into its group; what the data lacks gets its default.

    Args:
        group: property group of ``owner``.
        owner: a schema class.
        data: as :func:`fields.to_dict` gives it.
    """
    data = data or {}
    for one in dataclasses.fields(owner):  # type: ignore[arg-type]
        about = fields.info(owner, one.name)
        what = shape(fields.hints(owner)[one.name], about)
        missing = one.default is dataclasses.MISSING
        value = data[one.name] if one.name in data else None if missing else fields.to_dict(one.default)
        if what.optional:
            setattr(group, f"use_{one.name}", value is not None)
        _fill_field(group, one.name, what, about, value)


def _fill_field(group: Any, name: str, what: Shape, about: fields.FieldInfo, value: Any) -> None:
    if what.form == "collection":
        items = getattr(group, name)
        items.clear()
        for entry in value or ():
            _fill_item(items.add(), what.hint, about, entry)
    elif what.form in ("group", "union"):
        _fill_item(getattr(group, name), what.hint, about, value)
    elif what.form == "list":
        setattr(group, name, ", ".join(_word(entry) for entry in value or ()))
    elif what.form == "rows":
        setattr(group, name, "; ".join(" ".join(map(_word, row)) for row in value or ()))
    elif what.form == "flags":
        setattr(group, name, {str(entry) for entry in value or ()})
    elif what.form == "enum":
        setattr(group, name, str(what.names[0] if value is None else value))
    elif what.form == "text":
        setattr(group, name, "" if value is None else str(value))
    elif what.form == "vector":
        setattr(group, name, [what.hint(_start(about))] * what.size if value is None else value)
    else:
        setattr(group, name, (what.hint(_start(about))) if value is None else value)


def chosen(item: Any) -> Any:
    """The group with an item's fields: that of its kind, where it has several."""
    return getattr(item, item.kind) if "kind" in item.bl_rna.properties and hasattr(item, item.kind) else item


def fill_item(group: Any, hint: Any, value: Any) -> None:
    """:func:`fill` for an item: of a class, or of whichever of a union's kinds the value is."""
    _fill_item(group, hint, fields.FieldInfo(""), value)


def _fill_item(group: Any, hint: Any, about: fields.FieldInfo, value: Any) -> None:
    if not isinstance(hint, tuple):
        fill(group, hint, value)
        return
    kinds = classes_of(hint)
    chosen = value.get("kind") if isinstance(value, dict) else FIXED if value is not None else next(iter(kinds))
    # Every kind gets values, so that whoever changes the kind does not begin with zeros.
    for kind, one in kinds.items():
        given = value if kind == chosen else None
        if one is not None:
            fill(getattr(group, kind), one, given if given is not None else _guess(one, value, about))
        else:
            setattr(group, kind, _start(about) if not isinstance(given, float | int) else given)
    group.kind = chosen


def _guess(owner: type, value: Any, about: fields.FieldInfo) -> dict[str, Any] | None:
    """A distribution about a number, for whoever begins to vary it."""
    names = fields.hints(owner)
    if not isinstance(value, float | int) or isinstance(value, bool):
        value = 1.0
    low, high = sorted((value * 0.8, value * 1.2)) if value else (-1.0, 1.0)
    # A lower limit that may not be reached is approached, not touched.
    low = max(low, about.low if about.low is not None else low)
    high = min(high, about.high if about.high is not None else high)
    offers = {"low": low, "high": high, "mean": value, "deviation": abs(value) * 0.1, "options": [value], "steps": 5}
    return {name: offers[name] for name in names if name in offers}


def read(group: Any, owner: type) -> dict[str, Any]:
    """Plain data of a group, as a manifest's file would have it; what is not given is left out or None.

    Raises:
        ManifestError: a text that lists numbers holds something else.
    """
    data: dict[str, Any] = {} if fields.kind(owner) is None else {"kind": fields.kind(owner)}
    for one in dataclasses.fields(owner):  # type: ignore[arg-type]
        about = fields.info(owner, one.name)
        what = shape(fields.hints(owner)[one.name], about)
        if what.optional and not getattr(group, f"use_{one.name}"):
            data[one.name] = None
        else:
            data[one.name] = _read_field(group, one.name, what)
    return data


def _read_field(group: Any, name: str, what: Shape) -> Any:
    value = getattr(group, name)
    if what.form == "collection":
        return [read_item(item, what.hint) for item in value]
    if what.form in ("group", "union"):
        return read_item(value, what.hint)
    if what.form == "list":
        words = [word.strip() for word in value.split(",") if word.strip()]
        return [_number(word, name, what.hint) for word in words] if what.hint in (float, int) else words
    if what.form == "rows":
        return [[_number(word, name, what.hint) for word in row.split()] for row in value.split(";") if row.strip()]
    if what.form == "flags":
        return [one for one in what.names if str(one) in value]
    if what.form == "enum":
        return next(one for one in what.names if str(one) == value)
    if what.form == "text":
        return _number(value, name, int) if what.hint is int else value
    if what.form == "vector":
        return [shortest(number) if what.hint is float else number for number in value]
    return shortest(value) if what.form == "float" else value


def read_item(group: Any, hint: Any) -> Any:
    """Plain data of an item: of a class, or of whichever of a union's kinds it is."""
    if not isinstance(hint, tuple):
        return read(group, hint)
    one = classes_of(hint)[group.kind]
    chosen = getattr(group, group.kind)
    return shortest(chosen) if one is None else read(chosen, one)


def unchanged(data: Any, former: Any) -> Any:
    """``data`` with every number of ``former`` that it still equals in 32 bits.

    Args:
        data: as :func:`read` gives it.
        former: plain data that the groups were filled with.
    """
    if isinstance(data, dict) and isinstance(former, dict):
        return {name: unchanged(value, former.get(name)) for name, value in data.items()}
    if isinstance(data, list) and isinstance(former, list | tuple):
        if len(data) == len(former):
            return [unchanged(one, other) for one, other in zip(data, former)]
        return data
    number = isinstance(data, float) and isinstance(former, float | int) and not isinstance(former, bool)
    return former if number and shortest(former) == data else data


def shortest(number: float) -> float:
    """The shortest decimal number that is ``number`` in 32 bits."""
    try:
        (held,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return number
    for digits in range(1, 10):
        guess = float(f"{held:.{digits}g}")
        if struct.pack("f", guess) == struct.pack("f", held):
            return guess
    return float(held)


def _start(about: fields.FieldInfo) -> float:
    """A number within a field's limits, where nothing better is known."""
    low = about.low if about.low is not None else about.above
    start = 1.0 if low is None or low < 1.0 else low + 1.0
    return start if about.high is None else min(start, about.high)


def _word(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) and f"{value:g}" != repr(value) else f"{value}"


def _number(word: str, name: str, kind: type) -> Any:
    try:
        return kind(word)
    except ValueError:
        raise errors.ManifestError(name, f"'{word}' is no number; write numbers with commas between") from None
