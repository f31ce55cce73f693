"""The manifest explained, from the schema itself: a JSON Schema for editors, a page for people."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from .distributions import Number
from .fields import FieldInfo, hints, info, kind, options, to_dict
from .schema import CONTRACT, Manifest

_INTRODUCTION = """\
# Manifest reference

Made from `manifests/schema/` by `make docs`; change the fields there.

A manifest is one YAML or JSON file. Lengths are millimetres, angles degrees, in right-handed axes with z up; a view
from azimuth 0 looks along +y, at the part's front. *Driven* fields may be the target of a [parameter](#parameter),
which draws them anew for each instance or frame. A field whose default is *nothing* may be left out or be `null`.
Where a section has a *kind*, the file names it: `kind: ring`.

Editors that know JSON Schema complete and check a manifest as you type, with `manifests/manifest.schema.json`.
"""
_DISTRIBUTIONS = options(Number)[1:]


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a manifest: every field with its type, limits, default and meaning.

    What it accepts may still be refused for what a schema cannot say, such as a light state that names no light.
    """
    definitions = {owner.__name__: _class_schema(owner) for owner in classes()}
    definitions["Manifest"]["properties"]["contract"]["const"] = CONTRACT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Defectory manifest",
        **definitions.pop("Manifest"),
        "$defs": definitions,
    }


def markdown(root: type = Manifest, introduction: str = _INTRODUCTION) -> str:
    """The reference of a schema: a section for each class, in reading order, distributions last.

    Args:
        root: the class of a whole file.
        introduction: heading and first words.
    """
    return "\n".join([introduction, *(_section(owner) for owner in classes(root))])


def classes(root: type = Manifest) -> list[type]:
    """Every class of a schema in reading order: each before those it is made of, distributions last."""
    found: dict[type, None] = {}

    def visit(owner: type) -> None:
        found[owner] = None
        for hint in hints(owner).values():
            for member in _members(hint):
                if dataclasses.is_dataclass(member) and member not in found:
                    visit(typing.cast(type, member))

    visit(root)
    return sorted(found, key=lambda owner: owner in _DISTRIBUTIONS)


def _members(hint: Any) -> Iterator[Any]:
    for option in options(hint):
        if typing.get_origin(option) is tuple:
            for item in typing.get_args(option):
                yield from _members(item)
        else:
            yield option


def _class_schema(owner: type) -> dict[str, Any]:
    tag = kind(owner)
    properties: dict[str, Any] = {} if tag is None else {"kind": {"const": tag, "description": _summary(owner)}}
    required = [] if tag is None else ["kind"]
    for f in dataclasses.fields(owner):
        about = info(owner, f.name)
        schema = _type_schema(hints(owner)[f.name], about)
        schema["description"] = about.doc + (" May be drawn by a parameter." if about.driven else "")
        if f.default is dataclasses.MISSING:
            required.append(f.name)
        else:
            schema["default"] = to_dict(f.default)
        properties[f.name] = schema
    schema = {"type": "object", "description": _summary(owner), "properties": properties}
    return schema | {"required": required, "additionalProperties": False}


def _type_schema(hint: Any, about: FieldInfo) -> dict[str, Any]:
    members = [_member_schema(member, about) for member in options(hint)]
    return members[0] if len(members) == 1 else {"oneOf": members}


def _member_schema(hint: Any, about: FieldInfo) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{typing.cast(type, hint).__name__}"}
    if typing.get_origin(hint) is Literal:
        return {"enum": list(typing.get_args(hint))}
    if typing.get_origin(hint) is tuple:
        item, *others = typing.get_args(hint)
        schema: dict[str, Any] = {"type": "array", "items": _type_schema(item, about)}
        return schema if others == [Ellipsis] else schema | {"minItems": 1 + len(others), "maxItems": 1 + len(others)}
    names = {float: "number", int: "integer", bool: "boolean", str: "string", types.NoneType: "null"}
    schema = {"type": names[hint]}
    if hint in (float, int):
        limits = {"minimum": about.low, "maximum": about.high, "exclusiveMinimum": about.above}
        schema |= {name: limit for name, limit in limits.items() if limit is not None}
    return schema


def _section(owner: type) -> str:
    tag = kind(owner)
    rows = ["| field | type | default | limits | driven | meaning |", "|---|---|---|---|---|---|"]
    for f in dataclasses.fields(owner):
        about = info(owner, f.name)
        default = "*required*" if f.default is dataclasses.MISSING else _default(f.default)
        kinds = _type(hints(owner)[f.name])
        cells = [f"`{f.name}`", kinds, default, _limits(about), "yes" if about.driven else "", about.doc]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    heading = f"## {_title(owner)}\n\n{_summary(owner)}\n"
    return "\n".join([heading + (f"\n`kind: {tag}`\n" if tag else ""), *rows, ""])


def _title(owner: type) -> str:
    first, *others = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[0-9]+", owner.__name__)
    return " ".join([first, *(word if word.isupper() else word.lower() for word in others)])


def _link(owner: type) -> str:
    title = _title(owner)
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _summary(owner: type) -> str:
    paragraph = inspect.cleandoc(owner.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _type(hint: Any) -> str:
    members = options(hint)
    if members == options(Number):
        return "number or " + _link(_DISTRIBUTIONS[0]) + " or another distribution"
    return " or ".join(_member(member) for member in members if member is not types.NoneType)


def _member(hint: Any) -> str:
    if dataclasses.is_dataclass(hint):
        return _link(typing.cast(type, hint))
    if typing.get_origin(hint) is Literal:
        return ", ".join(f"`{name}`" for name in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        item, *others = typing.get_args(hint)
        if others == [Ellipsis]:
            return f"list of {_type(item)}"
        return f"list of {1 + len(others)} {_type(item)}s"
    return {float: "number", int: "whole number", bool: "`true`, `false`", str: "text"}[hint]


def _default(value: Any) -> str:
    if value is None:
        return "nothing"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _link(type(value))
    if isinstance(value, tuple):
        if any(dataclasses.is_dataclass(item) for item in value):
            return ", ".join(_default(item) for item in value)
        return f"`[{', '.join(f'{item:g}' if isinstance(item, float) else str(item) for item in value)}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _limits(about: FieldInfo) -> str:
    parts = []
    if about.above is not None:
        parts.append(f"> {_plain(about.above)}")
    if about.low is not None:
        parts.append(f">= {_plain(about.low)}")
    if about.high is not None:
        parts.append(f"<= {_plain(about.high)}")
    return ", ".join(parts)


def _plain(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else f"{limit:g}"
