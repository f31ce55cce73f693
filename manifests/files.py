"""The only door to YAML: manifests from and to files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from .errors import ManifestError
from .schema import Manifest, from_dict, to_dict

MAX_BYTES = 4 * 2**20
_MAX_NODES = 1_000_000


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, YAML or JSON by its suffix.

    Raises:
        ManifestError: the text is no YAML or JSON, has a duplicate key, or a field is wrong; the line that says so
            begins with the file's name.
    """
    try:
        return from_dict(_read_data(path))
    except ManifestError as error:
        where = f"{path}: {error.field}" if error.field else str(path)
        raise ManifestError(where, error.problem) from None


def write_yaml(manifest: Manifest) -> str:
    """YAML text of a manifest, every field stated; reading it gives the same manifest."""
    return yaml.dump(to_dict(manifest), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _read_data(path: Path) -> Any:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ManifestError("", "there is no such file") from None
    except OSError as error:
        raise ManifestError("", f"cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ManifestError("", f"is larger than {MAX_BYTES // 2**20} MiB; a manifest holds no data")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ManifestError("", "is not UTF-8 text") from None
    try:
        return _parse_json(text) if path.suffix.lower() == ".json" else _parse_yaml(text)
    except RecursionError:
        raise ManifestError("", "is nested too deeply") from None


def _parse_json(text: str) -> Any:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in pairs:
            if key in data:
                raise ManifestError("", f"key '{key}' stands twice")
            data[key] = value
        return data

    try:
        return json.loads(text, object_pairs_hook=no_duplicates)
    except ValueError as error:
        raise ManifestError("", f"is not JSON: {error}") from None


def _parse_yaml(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise ManifestError("", "is empty")
        _count_nodes(node, {})
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ManifestError("", f"is not YAML: {line}{error.problem}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ManifestError("", f"is not YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()


def _count_nodes(node: yaml.Node, known: dict[int, int]) -> int:
    """Nodes of the document with its aliases written out; aliases of aliases can make billions of a few lines."""
    if id(node) in known:
        size = known[id(node)]
        if size == 0:
            raise ManifestError("", f"line {node.start_mark.line + 1}: holds an alias of itself")
        return size
    known[id(node)] = 0
    size = 1
    if isinstance(node, yaml.SequenceNode):
        size += sum(_count_nodes(item, known) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        size += sum(_count_nodes(key, known) + _count_nodes(value, known) for key, value in node.value)
    if size > _MAX_NODES:
        raise ManifestError("", "its aliases make more than a million values; write them out")
    known[id(node)] = size
    return size


class _Loader(yaml.SafeLoader):
    """Safe YAML in which 1e-5 is a number, dates are text, and a duplicate key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise ManifestError("", f"line {key_node.start_mark.line + 1}: key {key!r} must be text")
            if key in seen:
                raise ManifestError("", f"line {key_node.start_mark.line + 1}: key '{key}' stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1 wants a point in a float with an exponent and takes "1e-5" for text; YAML 1.2 and everybody else do not.
_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9]+[eE][-+]?[0-9]+
        |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
_DROPPED = ("tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


class _Dumper(yaml.SafeDumper):
    """Block style, but short lists of plain values on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_list(self, data: list[Any]) -> yaml.Node:
        plain = all(not isinstance(item, list | dict) for item in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=plain)


_Dumper.add_representer(list, _Dumper.represent_list)


