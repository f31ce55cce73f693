"""A manifest comes back exactly from every form it is written in, and its hash stands for all of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import manifests
from manifests.errors import ManifestError
from manifests.files import read_manifest, write_yaml
from manifests.schema import Manifest, from_dict, to_dict
from tests.manifests.strategies import MANIFESTS

EXAMPLES = sorted((Path(manifests.__file__).parent / "examples").glob("*.yaml"))


def read(text: str, folder: Path, suffix: str = ".yaml") -> Manifest:
    path = folder / f"manifest{suffix}"
    path.write_text(text, encoding="utf-8", newline="")
    return read_manifest(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round_trip")


@settings(max_examples=50)
@given(manifest=MANIFESTS)
def test_manifest_comes_back_from_plain_data(manifest: Manifest) -> None:
    assert from_dict(to_dict(manifest)) == manifest


@settings(max_examples=50)
@given(manifest=MANIFESTS)
@example(manifest=from_dict({"name": "next\x85line\u2028end", "part": {"file": "0\x85"}}))
def test_manifest_comes_back_from_yaml(manifest: Manifest, folder: Path) -> None:
    again = read(write_yaml(manifest), folder)
    assert again == manifest
    assert again.sha256() == manifest.sha256()


@settings(max_examples=50)
@given(manifest=MANIFESTS)
def test_manifest_comes_back_from_json(manifest: Manifest, folder: Path) -> None:
    assert read(json.dumps(to_dict(manifest)), folder, ".json") == manifest


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_comes_back(path: Path, folder: Path) -> None:
    manifest = read_manifest(path)
    assert read(write_yaml(manifest), folder) == manifest


def with_seeded_radiance(text: str) -> str:
    return f"name: a\npart: {{file: a.stl}}\nlights: [{{kind: world, radiance: {text}}}]\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5), ("1E-5", 1e-5), ("1e5", 1e5), ("1e+5", 1e5), ("1.e-5", 1e-5), (".5", 0.5), ("5.", 5.0),
        ("1e-300", 1e-300), ("5e-324", 5e-324), ("1.7976931348623157e308", 1.7976931348623157e308), ("3", 3.0),
        ("+2.5", 2.5), ("1_000.5", 1000.5), ("0", 0.0), ("-0.0", 0.0), ("100000000000000000000000", 1e23),
    ],
)  # fmt: skip
def test_number_is_read_as_it_is_written(text: str, value: float, folder: Path) -> None:
    radiance = read(with_seeded_radiance(text), folder).lights[0].radiance
    assert (radiance, math.copysign(1, radiance)) == (value, 1)
    assert isinstance(radiance, float)


@given(value=st.floats(0, allow_infinity=False))
def test_every_float_comes_back_from_yaml(value: float, folder: Path) -> None:
    manifest = from_dict({"name": "a", "part": {"file": "a"}, "lights": [{"kind": "world", "radiance": value}]})
    assert read(write_yaml(manifest), folder).lights[0].radiance == value


@pytest.mark.parametrize("name", ["1e-5", "1", "2024-01-01", "yes", "null", "~", "0x1f", ".inf", "a: b", "- a", " a "])
def test_text_that_looks_like_something_else_stays_text(name: str, folder: Path) -> None:
    manifest = from_dict({"name": name, "part": {"file": "a"}})
    assert read(write_yaml(manifest), folder).name == name


def test_other_yaml_readers_agree_on_what_is_written() -> None:
    manifest = from_dict({"name": "1e-5", "part": {"file": "a"}, "output": {"exposure_stops": 1e-5}})
    data = yaml.safe_load(write_yaml(manifest))
    assert (data["name"], data["output"]["exposure_stops"]) == ("1e-5", 1e-5)


def test_merged_mapping_may_be_merged_again(folder: Path) -> None:
    text = """\
name: a
part: {file: a.stl}
defects:
- &small {kind: dent, diameter_mm: 1}
- &large {<<: *small, diameter_mm: 2}
- {<<: *large, depth_mm: 0.5}
"""
    assert [d.diameter_mm for d in read(text, folder).defects] == [1.0, 2.0, 2.0]


def test_mapping_that_is_merged_before_it_is_built_holds_no_duplicates(folder: Path) -> None:
    # PyYAML builds from the outside in: it merges the inner 'near' into the outer 'backdrop' first.
    text = """\
name: a
part: {file: a.stl}
defects:
- {kind: dent, placement: &near {<<: {kind: area, facing_deg: 9}, facing_deg: 20}}
backdrop: {<<: *near}
"""
    with pytest.raises(ManifestError, match=r"backdrop\.kind: unknown key"):
        read(text, folder)


def shuffled(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: shuffled(data[key]) for key in reversed(data)}
    return [shuffled(item) for item in data] if isinstance(data, list) else data


@settings(max_examples=50)
@given(manifest=MANIFESTS)
def test_hash_does_not_depend_on_the_order_of_keys(manifest: Manifest) -> None:
    assert from_dict(shuffled(to_dict(manifest))).sha256() == manifest.sha256()


@settings(max_examples=20)
@given(manifest=MANIFESTS)
def test_hash_is_that_of_the_documented_canonical_form(manifest: Manifest) -> None:
    # Written out, so that another program can check it: JSON without what is at its default, keys sorted, UTF-8.
    data = without_defaults(manifest) | {"contract": manifest.contract}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert manifest.sha256() == hashlib.sha256(text.encode("utf-8")).hexdigest()


def without_defaults(value: Any) -> Any:
    if isinstance(value, tuple):
        return [without_defaults(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    kind = getattr(value, "KIND", None)
    stated = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if getattr(value, f.name) != f.default}
    return ({"kind": kind} if kind else {}) | {name: without_defaults(held) for name, held in stated.items()}


@given(manifest=MANIFESTS)
def test_manifest_comes_back_from_what_is_not_at_its_default(manifest: Manifest) -> None:
    assert from_dict(to_dict(manifest, sparse=True)) == manifest


def test_a_hash_is_the_same_in_every_later_version() -> None:
    """Written down when this was made: a change means that existing data sets no longer match their manifests."""
    data = {"name": "block", "part": {"file": "block.step"}, "instances": 12, "defects": [{"kind": "dent", "count": 3}]}
    assert from_dict(data).sha256() == "560270c9fd6d8602e3cdbbe95a5499db20341b77aab1df02811b07481cb6b750"


def test_yaml_repeats_what_is_equal_instead_of_referring_to_it() -> None:
    pose = {"location_mm": [0, -9, 0]}
    manifest = from_dict({"name": "a", "part": {"file": "a"}, "views": {"kind": "poses", "poses": [pose, pose]}})
    assert not re.search(r"[&*]id\d", write_yaml(manifest))


def test_equal_manifests_have_equal_hashes() -> None:
    plain = {"name": "a", "part": {"file": "a"}, "output": {"bit_depth": 8, "exposure_stops": 0.0}, "seed": 3}
    other = {"name": "a", "part": {"file": "a"}, "output": {"bit_depth": 8.0, "exposure_stops": -0.0}, "seed": 3.0}
    assert from_dict(plain) == from_dict(other)
    assert from_dict(plain).sha256() == from_dict(other).sha256()


def leaves(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    return [path] if items is None else [leaf for key, item in items for leaf in leaves(item, (*path, key))]


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return {type(None): 7.5, str: f"{value}!", float: 0.987}[type(value)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_hash_changes_with_every_field(path: Path) -> None:
    data = to_dict(read_manifest(path))
    seen = {}
    for leaf in leaves(data):
        changed = json.loads(json.dumps(data))
        owner = changed
        for key in leaf[:-1]:
            owner = owner[key]
        owner[leaf[-1]] = other(owner[leaf[-1]])
        try:
            seen[leaf] = from_dict(changed).sha256()
        except ManifestError:
            continue
    assert len(seen) > (60 if data["pattern"] is None else 20)
    hashes = [read_manifest(path).sha256(), *seen.values()]
    assert len(set(hashes)) == len(hashes)


def test_every_field_is_documented() -> None:
    from manifests.reference import classes

    for owner in classes():
        assert owner.__doc__
        assert not owner.__doc__.startswith(owner.__name__ + "("), f"{owner.__name__} has no docstring of its own"
        for f in dataclasses.fields(owner):
            assert f.metadata["info"].doc.endswith((".", ".)")), f"{owner.__name__}.{f.name}"
