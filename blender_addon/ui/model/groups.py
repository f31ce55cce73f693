"""Property groups made from the schema, one class for each schema class and for each union."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import bpy

from ...contract import fields, schema
from .shapes import FIXED, Shape, classes_of, is_length, label, shape, title

_MOST = 2**31 - 1
_PREFIX = "Defectory_"


class Groups:
    """The property groups of the schema.

    Args:
        changed: called with the property group and the context whenever a person changes a property.

    Attributes:
        classes: in the order in which Blender must register them.
        root: group of a manifest.
    """

    def __init__(self, changed: Callable[[Any, Any], None]) -> None:
        self._changed = changed
        self._made: dict[Any, type] = {}
        self.classes: list[type] = []
        self.root = self._group(schema.Manifest)

    def _group(self, owner: type) -> type:
        if owner not in self._made:
            self._made[owner] = self._class(owner.__name__, owner.__doc__ or "", self._fields(owner))
        return self._made[owner]

    def _fields(self, owner: type) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for one in dataclasses.fields(owner):  # type: ignore[arg-type]
            about = fields.info(owner, one.name)
            what = shape(fields.hints(owner)[one.name], about)
            if what.optional:
                doc = f"Whether this is given: {about.doc}"
                properties[f"use_{one.name}"] = self._property("Bool", title(one.name, what), doc, default=False)
            properties |= self._kept(one.name, what, about)
        return properties

    def _kept(self, name: str, what: Shape, about: fields.FieldInfo) -> dict[str, Any]:
        if what.form == "collection":
            item = self._item(what, about)
            options: dict[str, Any] = {"name": label(name), "description": about.doc}
            index = self._property("Int", "Chosen", "The item that is chosen in the list", quiet=True)
            return {name: bpy.props.CollectionProperty(type=item, **options), f"{name}_index": index}
        if what.form in ("group", "union"):
            pointed = self._item(what, about)
            return {name: bpy.props.PointerProperty(type=pointed, name=label(name), description=about.doc)}
        return {name: self._plain(name, what, about)}

    def _item(self, what: Shape, about: fields.FieldInfo) -> type:
        return self._union(what.hint, about) if isinstance(what.hint, tuple) else self._group(what.hint)

    def _union(self, union: tuple[Any, ...], about: fields.FieldInfo) -> type:
        kinds = classes_of(union)
        limits = (about.low, about.high, about.above) if FIXED in kinds else ()
        key = (union, limits)
        if key in self._made:
            return self._made[key]
        items = [
            (kind, label(kind), _first(one.__doc__) if one else "The same each time") for kind, one in kinds.items()
        ]
        properties = {"kind": self._property("Enum", "Kind", "Which of its kinds it is", items=items)}
        for kind, one in kinds.items():
            if one is None:
                properties[kind] = self._plain(
                    kind, Shape("float", float), dataclasses.replace(about, doc="The number.")
                )
            else:
                properties[kind] = bpy.props.PointerProperty(type=self._group(one), name=label(kind))
        name = "Or".join(one.__name__.capitalize() for one in union)[:40]
        self._made[key] = self._class(f"{name}{len(self._made)}", "One of several kinds", properties)
        return self._made[key]

    def _plain(self, name: str, what: Shape, about: fields.FieldInfo) -> Any:
        text = title(name, what)
        if what.form == "bool":
            return self._property("Bool", text, about.doc)
        if what.form in ("text", "list", "rows"):
            more = {"subtype": "FILE_PATH"} if name == "file" else {}
            return self._property("String", text, about.doc, **more)
        if what.form in ("enum", "flags"):
            items = [(str(one), label(str(one)), "") for one in what.names]
            more = {"options": {"ENUM_FLAG"}} if what.form == "flags" else {}
            return self._property("Enum", text, about.doc, items=items, **more)
        limits: dict[str, Any] = {}
        if about.low is not None or about.above is not None:
            limits["min"] = about.low if about.low is not None else about.above
        if about.high is not None:
            limits["max"] = min(about.high, _MOST) if what.hint is int else about.high
        if what.hint is int and "min" in limits:
            limits["min"] = int(limits["min"])
        if what.hint is float:
            limits |= {"precision": 3, "step": 10}
        if is_length(name, what):
            limits["unit"] = "CAMERA"  # millimetres, whatever the scene's unit is
        if what.form == "vector":
            size: dict[str, Any] = {"size": what.size}
            if name.endswith(("color", "background")):
                # Linear light, as the manifest has it.
                size["subtype"] = "COLOR"
            kind = "IntVector" if what.hint is int else "FloatVector"
            return self._property(kind, text, about.doc, **limits, **size)
        return self._property("Int" if what.hint is int else "Float", text, about.doc, **limits)

    def _property(self, kind: str, name: str, doc: str, *, quiet: bool = False, **more: Any) -> Any:
        make = getattr(bpy.props, f"{kind}Property")
        if not quiet:
            more["update"] = self._changed
        # Blender ends each tooltip with a full stop of its own.
        return make(name=name, description=doc.rstrip("."), **more)

    def _class(self, name: str, doc: str, properties: dict[str, Any]) -> type:
        made = type(_PREFIX + name, (bpy.types.PropertyGroup,), {"__doc__": doc, "__annotations__": properties})
        self.classes.append(made)
        return made


def _first(doc: str | None) -> str:
    return (doc or "").strip().splitlines()[0].rstrip(".")
