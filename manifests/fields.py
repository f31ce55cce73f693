"""From plain data to frozen dataclasses and back, with errors that name the field.

A schema class is a frozen dataclass whose fields are made by :func:`field`. Its type hints and that metadata are all
that the parser, the JSON Schema, the reference page and Blender's property groups need to know.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union

from .errors import ManifestError

T = TypeVar("T")
_REQUIRED: Any = dataclasses.MISSING


@dataclasses.dataclass(frozen=True)
class Asset:
    """Files that a field names by a path below the folder of the manifest; see ``manifests/assets.py``.

    Attributes:
        suffixes: that they may have, lower case, with their dots.
        folder: whether the field names a folder, of which all files with such a suffix are meant.
    """

    suffixes: tuple[str, ...]
    folder: bool = False


@dataclasses.dataclass(frozen=True)
class FieldInfo:
    """What is known of a field beyond its type.

    Attributes:
        doc: one sentence for the reference page, the tooltip and the JSON Schema.
        low, high: inclusive limits of a number (of every number of a list), or None.
        above: exclusive lower limit, or None.
        driven: whether a parameter may set this number anew for each instance or frame.
        asset: of a text that names files, which; or None.
    """

    doc: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    driven: bool = False
    asset: Asset | None = None

    def check(self, value: float, path: str) -> None:
        """Raise ManifestError where ``value`` is outside the limits."""
        if self.above is not None and not value > self.above:
            raise ManifestError(path, f"must be > {self.above:g}, got {_describe(value)}")
        if self.low is not None and value < self.low:
            raise ManifestError(path, f"must be >= {self.low:g}, got {_describe(value)}")
        if self.high is not None and value > self.high:
            raise ManifestError(path, f"must be <= {self.high:g}, got {_describe(value)}")


def field(
    doc: str,
    default: Any = _REQUIRED,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    driven: bool = False,
    asset: Asset | None = None,
) -> Any:
    """A schema field: its sentence of documentation, its default (none: required) and its limits."""
    return dataclasses.field(default=default, metadata={"info": FieldInfo(doc, low, high, above, driven, asset)})


def info(owner: type, name: str) -> FieldInfo:
    """The :class:`FieldInfo` of a field of a schema class."""
    return typing.cast(FieldInfo, owner.__dataclass_fields__[name].metadata["info"])  # type: ignore[attr-defined]


_HINTS: dict[type, dict[str, Any]] = {}


def hints(owner: type) -> dict[str, Any]:
    """Resolved type hints of a schema class, its fields only."""
    if owner not in _HINTS:
        resolved = typing.get_type_hints(owner)
        _HINTS[owner] = {f.name: resolved[f.name] for f in dataclasses.fields(owner)}
    return _HINTS[owner]


def options(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the hint alone."""
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)


def kind(owner: type) -> str | None:
    """The tag by which a class of a union is chosen in a file, ``kind: dent``; None where there is no choice."""
    return getattr(owner, "KIND", None)


def from_dict(owner: type[T], data: Any, path: str = "") -> T:
    """Build a schema object.

    Args:
        owner: a schema class.
        data: mappings, lists, numbers, strings, as a YAML or JSON file gives them.
        path: where ``data`` stands, for messages; empty for a whole file.

    Raises:
        ManifestError: naming the field, for an unknown key, a missing field, a wrong type or a value out of range.
    """
    if not isinstance(data, Mapping):
        raise ManifestError(path, f"must be a mapping of fields, got {_describe(data)}")
    values = dict(data)
    tag = kind(owner)
    if tag is not None:
        values.pop("kind", None)
    names = [f.name for f in dataclasses.fields(owner)]  # type: ignore[arg-type]
    for key in values:
        if key not in names:
            raise ManifestError(join(path, str(key)), "unknown key" + _suggest(str(key), names))
    parsed = {}
    for f in dataclasses.fields(owner):  # type: ignore[arg-type]
        where = join(path, f.name)
        if f.name in values:
            parsed[f.name] = _parse(hints(owner)[f.name], values[f.name], where, info(owner, f.name))
        elif f.default is dataclasses.MISSING:
            raise ManifestError(where, "is missing")
    built = owner(**parsed)
    check = getattr(built, "check", None)
    if check is not None:
        check(path)
    return built


def to_dict(value: Any, *, sparse: bool = False) -> Any:
    """Plain data of a schema object, ``kind`` first; :func:`from_dict` gives the object back.

    Args:
        value: a schema object, or what its fields hold.
        sparse: leave out what is at its default; else every field is stated.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        tag = kind(type(value))
        data = {} if tag is None else {"kind": tag}
        for f in dataclasses.fields(value):
            held = getattr(value, f.name)
            if not (sparse and held == f.default):
                data[f.name] = to_dict(held, sparse=sparse)
        return data
    if isinstance(value, tuple):
        return [to_dict(item, sparse=sparse) for item in value]
    return value


def join(path: str, name: str) -> str:
    """``camera`` and ``f_number`` make ``camera.f_number``."""
    return f"{path}.{name}" if path else name


_STEP = re.compile(r"([A-Za-z_]\w*)((?:\[\d{1,9}\])*)")


def locate(root: Any, path: str) -> tuple[Any, str, int | None]:
    """Follow a path like ``lights[0].radiance`` or ``part.rotation_deg[2]`` from a schema object.

    Returns:
        The object that owns the last field, that field's name, and the index in it (None for a plain field).

    Raises:
        ManifestError: whose field is empty and whose problem says where the path ends.
    """
    owner: Any = None
    value: Any = root
    name, index = "", None
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ManifestError("", f"'{path}' is no field path; write it as in lights[0].radiance")
        owner, name, index = value, match.group(1), None
        if not dataclasses.is_dataclass(owner) or name not in {f.name for f in dataclasses.fields(owner)}:
            names = [f.name for f in dataclasses.fields(owner)] if dataclasses.is_dataclass(owner) else []
            raise ManifestError("", f"there is no field '{path}'" + _suggest(name, names))
        value = getattr(owner, name)
        for digits in re.findall(r"\d+", match.group(2)):
            index = int(digits)
            if not isinstance(value, tuple) or index >= len(value):
                raise ManifestError("", f"there is no field '{path}': '{name}' has no item {index}")
            value = value[index]
    return owner, name, index


def _parse(hint: Any, data: Any, path: str, about: FieldInfo) -> Any:
    choices = options(hint)
    if data is None:
        if types.NoneType in choices:
            return None
        raise ManifestError(path, "must not be empty")
    choices = tuple(c for c in choices if c is not types.NoneType)
    if isinstance(data, Mapping):
        return _parse_mapping(choices, data, path)
    choices = tuple(c for c in choices if not dataclasses.is_dataclass(c)) or choices
    hint = choices[0]
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _parse_list(hint, data, path, about)
    if origin is Literal:
        names = typing.get_args(hint)
        if data not in names or isinstance(data, bool):
            raise ManifestError(path, f"must be one of {', '.join(map(str, names))}, got {_describe(data)}")
        # The name itself: 8.0 stands for 8 but would make another canonical form.
        return names[names.index(data)]
    if hint is float:
        return _number(data, path, about)
    if hint is int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if not isinstance(data, int) or isinstance(data, bool):
            raise ManifestError(path, f"must be a whole number, got {_describe(data)}")
        about.check(data, path)
        return data
    if hint is bool and not isinstance(data, bool):
        raise ManifestError(path, f"must be true or false, got {_describe(data)}")
    if hint is str:
        _check_text(data, path)
        if about.asset is not None:
            _check_asset(data, path)
    if dataclasses.is_dataclass(hint):
        raise ManifestError(path, f"must be a mapping of fields, got {_describe(data)}")
    return data


def _parse_mapping(choices: tuple[Any, ...], data: Mapping[str, Any], path: str) -> Any:
    classes = [c for c in choices if isinstance(c, type) and dataclasses.is_dataclass(c)]
    if not classes:
        raise ManifestError(path, "must not be a mapping")
    if kind(classes[0]) is None:
        return from_dict(classes[0], data, path)
    by_kind = {kind(c): c for c in classes}
    names = ", ".join(str(k) for k in by_kind)
    if "kind" not in data:
        raise ManifestError(join(path, "kind"), f"is missing; one of {names}")
    tag = data["kind"]
    if not isinstance(tag, str) or tag not in by_kind:
        raise ManifestError(join(path, "kind"), f"must be one of {names}, got {_describe(tag)}")
    return from_dict(by_kind[tag], data, path)


def _parse_list(hint: Any, data: Any, path: str, about: FieldInfo) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise ManifestError(path, f"must be a list, got {_describe(data)}")
    items = typing.get_args(hint)
    if items[-1] is Ellipsis:
        items = (items[0],) * len(data)
    if len(items) != len(data):
        raise ManifestError(path, f"must have {len(items)} items, got {len(data)}")
    return tuple(_parse(item, value, f"{path}[{i}]", about) for i, (item, value) in enumerate(zip(items, data)))


def _check_text(data: Any, path: str) -> None:
    if not isinstance(data, str):
        raise ManifestError(path, f"must be text, got {_describe(data)}")
    try:
        data.encode()
    except UnicodeEncodeError:
        raise ManifestError(path, "must be text, got half of a surrogate pair") from None


def _check_asset(name: str, path: str) -> None:
    steps = name.split("/")
    if any(step.strip() in ("", ".", "..") for step in steps) or not name.isprintable() or set(name) & set(r'\:*?"<>|'):
        raise ManifestError(
            path, f"must be a path below the folder of the manifest, such as images/wood.png, got '{name[:40]}'"
        )


def _number(data: Any, path: str, about: FieldInfo) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise ManifestError(path, f"must be a number, got {_describe(data)}")
    try:
        # Zero has one sign, else two equal manifests would have two canonical forms.
        value = float(data) + 0.0
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ManifestError(path, "must be a finite number")
    about.check(value, path)
    return value


def _describe(data: Any) -> str:
    names = {dict: "a mapping", list: "a list", tuple: "a list", bool: "true or false", types.NoneType: "nothing"}
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return f"'{data[:40]}'"
    return names.get(type(data), str(data)[:40])


def _suggest(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known are {', '.join(names)}" if names else ""
