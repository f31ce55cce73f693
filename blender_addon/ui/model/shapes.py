"""In which Blender properties a schema field is kept. No Blender in here.

===========================  =======================================================================================
field                        kept as
===========================  =======================================================================================
number, text, yes or no      one property of the field's name
``X | None``                 that of X and ``use_NAME``, which says whether it is given
one of several names         an enumeration; for a list of them, one whose names can be chosen together
numbers, as many as fixed    a vector; as many as one likes: a text, ``1, 2.5, 3``; places: ``1 2 3; 4 5 6``
a schema class               a group
one of several classes       a group of ``kind`` and a group for each class; a bare number among them is kind ``fixed``
list of schema classes       a collection of groups and ``NAME_index``, the one that is chosen in the list
===========================  =======================================================================================
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from ...contract import fields

FIXED = "fixed"
"""Kind of a number that is no distribution."""


@dataclass(frozen=True)
class Shape:
    """How one field is kept.

    Attributes:
        form: ``bool``, ``int``, ``float``, ``text``, ``list`` (text of numbers or words), ``rows`` (text of vectors),
            ``enum``, ``flags``, ``vector``, ``group``, ``union`` or ``collection``.
        hint: type of the value, or of an item where there are several, without ``None``.
        optional: whether it may be absent.
        size: numbers of a vector.
        names: choices of an enumeration, as the manifest has them.
    """

    form: str
    hint: Any
    optional: bool = False
    size: int = 0
    names: tuple[Any, ...] = ()


def shape(hint: Any, about: fields.FieldInfo) -> Shape:
    """The shape of a field of a type."""
    choices = fields.options(hint)
    optional = types.NoneType in choices
    choices = tuple(choice for choice in choices if choice is not types.NoneType)
    found = _shape(choices, about)
    return dataclasses.replace(found, optional=optional)


def _shape(choices: tuple[Any, ...], about: fields.FieldInfo) -> Shape:
    hint = choices[0]
    origin, items = typing.get_origin(hint), typing.get_args(hint)
    if len(choices) > 1 or fields.kind(hint) is not None:
        # A class with a tag is one of a union, be it the only one so far.
        return Shape("union", choices)
    if dataclasses.is_dataclass(hint):
        return Shape("group", hint)
    if origin is Literal:
        return Shape("enum", hint, names=items)
    if origin is tuple and items[-1] is not Ellipsis:
        return Shape("vector", items[0], size=len(items))
    if origin is tuple:
        item = _shape(fields.options(items[0]), about)
        if item.form in ("group", "union"):
            return Shape("collection", item.hint if item.form == "group" else fields.options(items[0]))
        if item.form == "vector":
            return Shape("rows", item.hint, size=item.size)
        return Shape("flags", items[0], names=item.names) if item.form == "enum" else Shape("list", items[0])
    # Blender's whole numbers have 32 bits.
    if hint is int and (about.high or 0) >= 2**31:
        return Shape("text", int)
    return Shape({bool: "bool", int: "int", float: "float", str: "text"}[hint], hint)


def classes_of(union: tuple[Any, ...]) -> dict[str, type | None]:
    """Kinds of a union and their classes; that of a bare number is None."""
    return {fields.kind(one) or FIXED: None if one is float else one for one in union}


_SPELLED = {"srgb": "sRGB", "aov": "AOV", "mm": "mm", "cm": "cm", "m": "m"}
"""Names that are not written as words."""


def label(name: str) -> str:
    """What a person reads: ``diameter_mm`` is *Diameter (mm)*."""
    units = {"mm": "mm", "deg": "°", "px": "px", "w": "W", "cm2": "/cm²", "e": "e⁻"}
    stem, _, unit = name.rpartition("_")
    if stem and unit in units:
        stem = stem.removesuffix("_per")
        return f"{stem.replace('_', ' ').capitalize()} ({units[unit]})"
    return _SPELLED.get(name, name.replace("_", " ").capitalize())


def is_length(name: str, what: Shape) -> bool:
    """Whether Blender can say the unit of the numbers, millimetres, behind them."""
    return what.form in ("float", "vector") and what.hint is float and name.endswith("_mm")


def title(name: str, what: Shape) -> str:
    """:func:`label` of a field; without the unit where that stands behind the number."""
    return label(name.removesuffix("_mm") if is_length(name, what) else name)
