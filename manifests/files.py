"""The only door to YAML: manifests, and the configs of the sidecar, from and to files."""

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
        return from_dict(read_data(path))
    except ManifestError as error:
        where = f"{path}: {error.field}" if error.field else str(path)
        raise ManifestError(where, error.problem) from None


def write_yaml(manifest: Manifest) -> str:
    """YAML text of a manifest, every field stated; reading it gives the same manifest."""
    return dump(to_dict(manifest))


def dump(data: Any) -> str:
    """YAML text of plain data: mappings, lists, numbers and text."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def read_data(path: Path) -> Any:
    """Plain data of a file, YAML or JSON by its suffix.

    Raises:
        ManifestError: without a field; the text is no YAML or JSON, or a key stands twice.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
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
        return _parse_json(text) if path.suffix.lower() == ".json" else parse_yaml(text)
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


def parse_yaml(text: str) -> Any:
    """Plain data of YAML text; raises as :func:`read_data` does."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise ManifestError("", "is empty")
        _check_node(node, loader, {})
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ManifestError("", f"is not YAML: {line}{error.problem}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ManifestError("", f"is not YAML: {' '.join(str(error).split())}") from None


_MERGE = "tag:yaml.org,2002:merge"
_TEXT, _LIST, _MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))


def _check_node(node: yaml.Node, loader: _Loader, known: dict[int, int]) -> int:
    """Refuse what a manifest has no use for: tags, keys that are no text or stand twice, aliases without end.

    All of it before anything is built, because building merges mappings and trusts explicit tags.

    Returns:
        Nodes below this one, itself included, with aliases written out: aliases of aliases make billions of few lines.
    """
    line = f"line {node.start_mark.line + 1}"
    if id(node) in known:
        if known[id(node)] == 0:
            raise ManifestError("", f"{line}: holds an alias of itself")
        return known[id(node)]
    known[id(node)] = 0
    size = 1
    if isinstance(node, yaml.SequenceNode):
        plain = node.tag == _LIST
        for item in node.value:
            size += _check_node(item, loader, known)
    elif isinstance(node, yaml.MappingNode):
        plain = node.tag == _MAPPING
        seen: set[str] = set()
        for key, value in node.value:
            _check_key(key, seen)
            size += 1 + _check_node(value, loader, known)
    else:
        plain = node.tag in (_TEXT, loader.resolve(yaml.ScalarNode, node.value, (True, False)))  # type: ignore[no-untyped-call]
    if not plain:
        raise ManifestError("", f"{line}: tag '{node.tag}' means nothing here; leave it out")
    if size > _MAX_NODES:
        raise ManifestError("", "its aliases make more than a million values; write them out")
    known[id(node)] = size
    return size


def _check_key(node: yaml.Node, seen: set[str]) -> None:
    line = f"line {node.start_mark.line + 1}"
    if node.tag == _MERGE:
        return
    if node.tag != _TEXT:
        name = f"'{node.value[:40]}'" if isinstance(node, yaml.ScalarNode) else "of lists or mappings"
        raise ManifestError("", f"{line}: key {name} must be text")
    if node.value in seen:
        raise ManifestError("", f"{line}: key '{node.value}' stands twice")
    seen.add(node.value)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which 1e-5 is a number and dates are text."""


# YAML 1.1 wants a point in a float with an exponent and takes "1e-5" for text; YAML 1.2 and everybody else do not.
_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9]+[eE][-+]?[0-9]+
        |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
_FLOAT_TAG = "tag:yaml.org,2002:float"
_FLOAT_FIRST = list("-+0123456789.")
_DROPPED = (_FLOAT_TAG, "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_FLOAT_TAG, _FLOAT, _FLOAT_FIRST)


class _Dumper(yaml.SafeDumper):
    """Block style, but lists of plain values on one line; quotes text that the loader would take for a number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: _Dumper, data: list[Any]) -> yaml.Node:
    plain = all(not isinstance(item, list | dict) for item in data)
    return dumper.represent_sequence(_LIST, data, flow_style=plain)


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    # Line ends that only Unicode knows come back as spaces unless they are escaped.
    style = '"' if any(end in text for end in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_implicit_resolver(_FLOAT_TAG, _FLOAT, _FLOAT_FIRST)
