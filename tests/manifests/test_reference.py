"""The JSON Schema says what the parser does; the generated pages are those of today's code."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings

from docs import generate
from manifests import reference
from manifests.errors import ManifestError
from manifests.files import read_manifest
from manifests.schema import Manifest, from_dict, to_dict
from tests.manifests.strategies import MANIFEST_DATA
from tests.manifests.test_errors import BAD_FIELDS, GOOD
from tests.manifests.test_round_trip import EXAMPLES

VALIDATOR = jsonschema.Draft202012Validator(reference.json_schema())


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(reference.json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_is_valid_as_written_and_with_every_field_stated(path: Path) -> None:
    VALIDATOR.validate(to_dict(read_manifest(path)))
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@settings(max_examples=40)
@given(data=MANIFEST_DATA)
def test_what_the_parser_takes_is_valid(data: dict[str, Any]) -> None:
    manifest = from_dict(data)
    VALIDATOR.validate(data)
    VALIDATOR.validate(to_dict(manifest))


REFUSED_BY_BOTH = (
    "unknown key", "is missing", "must be a number", "must be a whole number", "must be text, got 3", "must be a list",
    "must be a mapping", "must not be a mapping", "must not be empty", "must be true or false", "must be one of",
    "must be > ", "must be >= ", "must be <= ", "must have 2 items, got 1", "is newer", "unsupported version",
)  # fmt: skip
# Limits that one field sets to another are beyond a JSON Schema.
BETWEEN_FIELDS = ("parameters[0].distribution.high", "defects[0].diameter_mm.high", "defects[0].diameter_mm.low",
                  "impurities[0].width_mm.low", "pattern.count.low")  # fmt: skip
BAD_FOR_BOTH = [
    pytest.param(change, id=f"{field} {problem}"[:60])
    for change, field, problem in BAD_FIELDS
    if problem.startswith(REFUSED_BY_BOTH) and field not in BETWEEN_FIELDS
]


@pytest.mark.parametrize("change", BAD_FOR_BOTH)
def test_wrong_types_unknown_keys_and_limits_are_invalid(change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(GOOD | change)


def test_most_bad_fields_are_invalid() -> None:
    assert len(BAD_FOR_BOTH) > 35


def test_defaults_are_those_of_the_parser() -> None:
    bare = to_dict(from_dict(GOOD))
    properties = reference.json_schema()["properties"]
    for name, value in bare.items():
        if name not in GOOD:
            assert properties[name]["default"] == value


def test_reference_explains_every_field_once() -> None:
    page = reference.markdown()
    for owner in reference.classes():
        section = page.split(f"\n## {reference._title(owner)}\n")[1].split("\n## ")[0]
        for field in dataclasses.fields(owner):
            assert section.count(f"\n| `{field.name}` |") == 1
    assert page.index("## Manifest\n") < page.index("## Camera\n") < page.index("## Uniform\n")


def test_links_of_the_reference_lead_somewhere() -> None:
    page = reference.markdown()
    headings = {line[3:].lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= headings
    assert len(headings) == len(reference.classes())


@pytest.mark.parametrize("page", generate.PAGES)
def test_generated_pages_are_current(page: str) -> None:
    text = generate.PAGES[page]()
    assert (generate.ROOT / page).read_text() == text, f"{page} is not what the code says; run 'make docs'"


def test_unknown_keys_are_invalid_at_every_depth() -> None:
    data = to_dict(from_dict(GOOD))
    VALIDATOR.validate(data)

    def mappings(value: Any) -> list[dict[str, Any]]:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        own = [value] if isinstance(value, dict) else []
        return own + [found for item in items for found in mappings(item)]

    for i in range(len(mappings(data))):
        changed = copy.deepcopy(data)
        mappings(changed)[i]["no_such_key"] = 1
        assert not VALIDATOR.is_valid(changed)
        with pytest.raises(ManifestError):
            from_dict(changed)


def test_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(reference.json_schema(), allow_nan=False)) == reference.json_schema()
    assert "Manifest" not in reference.json_schema()["$defs"]
    assert Manifest.__name__ == "Manifest"
