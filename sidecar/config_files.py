"""Configs from files: recipes, their variants and scales, and changes from the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from manifests.errors import ManifestError
from manifests.fields import from_dict
from manifests.files import parse_yaml, read_data

from .config import Config

RECIPES = Path(__file__).parent / "recipes"


def read_config(
    path: Path,
    *,
    scale: str = "full",
    variant: str | None = None,
    folders: Sequence[str] = (),
    changes: Sequence[str] = (),
) -> Config:
    """Read the config of a run.

    A file may hold, beside the config's own fields: ``variants``, a mapping of names to what differs in each;
    ``small``, what differs at small scale; and ``stand_in``, a mapping of names of sources to other sources, taken
    where no folder is given for the first. The run's title then says so.

    Args:
        path: a file, or the name of a recipe.
        scale: ``full`` or ``small``.
        variant: which variant; None where the file has none.
        folders: ``NAME=FOLDER`` for the sources of those names.
        changes: ``training.epochs=3`` and the like; the values are YAML.

    Raises:
        ManifestError: beginning with the file's name, or that of the change, and the field.
    """
    data, variants = _read(path)
    _check_folders(folders, [data, *variants.values()])
    if variant is None and variants:
        raise ManifestError(str(path), f"has variants; choose one of {', '.join(variants)}")
    if variant is not None:
        if variant not in variants:
            raise ManifestError(str(path), f"has no variant '{variant}'; known are {', '.join(variants) or 'none'}")
        data = merged(data, variants[variant])
        data["name"] = f"{data.get('name', path.stem)}_{variant}"
    small = _mapping(data.pop("small", None), f"{path}: small")
    stand_ins = _mappings(data.pop("stand_in", None), f"{path}: stand_in")
    if scale == "small":
        data = merged(data, small)
    for change in changes:
        data = _changed(data, change)
    data = _with_folders(data, folders, stand_ins)
    try:
        return from_dict(Config, data)
    except ManifestError as error:
        raise ManifestError(f"{path}: {error.field}" if error.field else str(path), error.problem) from None


def variants_of(path: Path) -> list[str]:
    """Names of a file's variants, in its order; none where it is a single run. Raises as :func:`read_config` does."""
    return list(_read(path)[1])


def locate(path: Path) -> Path:
    """The file of a config: what is given, or the recipe of that name."""
    recipe = RECIPES / f"{path.name}.yaml"
    return recipe if not path.exists() and path.parent == Path() and recipe.exists() else path


def merged(base: Any, over: Any) -> Any:
    """Plain data with what is said over it: mappings are merged key by key, all else is replaced.

    A mapping of another ``kind`` replaces the whole.
    """
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    if "kind" in over and over["kind"] != base.get("kind"):
        return dict(over)
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        data = read_data(locate(path))
    except ManifestError as error:
        recipes = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.yaml")))
        more = f"; recipes are {recipes}" if "no such file" in error.problem else ""
        raise ManifestError(str(path), error.problem + more) from None
    if not isinstance(data, dict):
        raise ManifestError(str(path), "must be a mapping of fields")
    return data, _mappings(data.pop("variants", None), f"{path}: variants")


def _mappings(data: Any, where: str) -> dict[str, dict[str, Any]]:
    return {name: _mapping(value, f"{where}.{name}") for name, value in _mapping(data, where).items()}


def _mapping(data: Any, where: str) -> dict[str, Any]:
    """Plain data that must be a mapping, or nothing, which stands for an empty one."""
    if not isinstance(data, dict | None):
        raise ManifestError(where, "must be a mapping of names to what differs")
    return data or {}


def _with_folders(data: dict[str, Any], folders: Sequence[str], stand_ins: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with the folders that are given, and stand-ins for sources that are not."""
    given = dict(entry.partition("=")[::2] for entry in folders)
    chosen, title = [], data.get("title", "")
    for name, source in _sources(data):
        if name in given:
            chosen.append({**source, "folder": given[name]})
        elif name in stand_ins:
            chosen.append({"weight": source.get("weight", 1.0), **stand_ins[name], "name": name})
            title += f" (a second render stands in for '{name}')"
        else:
            chosen.append(dict(source))
    return {**data, "title": title, "data": {**data["data"], "sources": chosen}} if chosen else data


def _check_folders(folders: Sequence[str], files: Sequence[Any]) -> None:
    """See that each ``NAME=FOLDER`` names a source of one of the variants at least."""
    names = list(dict.fromkeys(name for data in files for name, _ in _sources(data)))
    for entry in folders:
        name, _, folder = entry.partition("=")
        if name not in names or not folder:
            raise ManifestError("", f"--data {entry}: write NAME=FOLDER; sources are {', '.join(names)}")


def _sources(data: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and fields of each source in plain data; none where they are no sources: the parser says what is wrong."""
    described = data.get("data") if isinstance(data, Mapping) else None
    sources = described.get("sources") if isinstance(described, Mapping) else None
    if not isinstance(sources, list) or not all(isinstance(source, Mapping) for source in sources):
        return []
    return [(str(source.get("name", "data")), source) for source in sources]


_STEP = re.compile(r"([A-Za-z_]\w*)((?:\[\d+\])*)")


def _changed(data: Any, change: str) -> Any:
    """Plain data with one change, ``data.sources[0].weight=10``."""
    path, equals, text = change.partition("=")
    steps: list[str | int] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None or not equals:
            raise ManifestError("", f"'{change}' is no change; write training.epochs=3")
        steps += [match.group(1), *map(int, re.findall(r"\d+", match.group(2)))]
    return _put(data, steps, parse_yaml(text) if text.strip() else None, path)


def _put(data: Any, steps: Sequence[str | int], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        if not isinstance(data, list) or step >= len(data):
            raise ManifestError(path, f"there is no item {step}")
        return [_put(item, rest, value, path) if k == step else item for k, item in enumerate(data)]
    if not isinstance(data, Mapping | None):
        item = f"name an item of the list, as in [0].{step}"
        hint = item if isinstance(data, list) else "what stands before it has no fields"
        raise ManifestError(path, f"there is no '{step}' to set; {hint}")
    return {**(data or {}), step: _put((data or {}).get(step), rest, value, path)}
