"""What the pages say can be done: links lead somewhere, manifests parse, commands and fields exist, Python runs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from rq.utils import import_attribute

import sidecar.cli
from manifests import viewpoints
from manifests.errors import ManifestError
from manifests.fields import hints, locate
from manifests.layout import RECORD, DataSet, write_atomic
from manifests.sampling import Table
from manifests.schema import Manifest, from_dict
from manifests.viewpoints import Bounds
from tests.worker.made import fill, made_manifest
from worker.cli import commands
from worker.pairs.index import write_index
from worker.pairs.records import Provenance, complete_record

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/**/*.md"))
WRITTEN = [page for page in PAGES if "reference" not in page.parts]


def blocks(language: str, pages: list[Path] = WRITTEN) -> list[object]:
    """The code blocks of a language, each a parameter of a test."""
    found = []
    for page in pages:
        for i, text in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)):
            found.append(pytest.param(text, id=f"{page.relative_to(ROOT)}-{i}"))
    return found


def shell_lines() -> list[object]:
    found: dict[str, None] = {}
    for block in blocks("sh"):
        text = block.values[0]  # type: ignore[attr-defined]
        found |= dict.fromkeys(line.split("#")[0].strip() for line in text.splitlines())
    return [pytest.param(line, id=line) for line in found if line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_manifest_parses(text: str) -> None:
    from_dict(yaml.safe_load(text))


@pytest.mark.parametrize("line", shell_lines())
def test_command_exists_with_its_options(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFECTORY_REDIS_URL", "redis://HOST:6379")
    program, *arguments = shlex.split(line)
    if program == "make":
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
        assert {word for word in arguments if "=" not in word} <= targets
    elif program in ("defectory", "defectory-sidecar"):
        group = commands if program == "defectory" else sidecar.cli.commands
        command = group.commands[arguments[0]]
        # Parses and checks every argument, and calls nothing.
        with command.make_context(arguments[0], arguments[1:], parent=click.Context(group)):
            pass
    elif program == "export":
        name, _, value = arguments[0].partition("=")
        ours = name == "DEFECTORY_REDIS_URL" or (name == "RQ_WORKER_CLASS" and import_attribute(value))
        assert ours or name.startswith("AWS_")
    else:
        assert line.startswith("rq worker render "), f"who checks '{line}'?"


def test_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        commands.commands["render"].make_context("render", ["m.yaml", "--no-such-option"])


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_fields_named_in_the_text_exist(page: Path) -> None:
    manifest = from_dict({"name": "a", "part": {"file": "a"}})
    for path in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", page.read_text("utf-8")):
        if path.split(".")[0] in hints(Manifest) and not path.endswith((".csv", ".png", ".py")):
            try:
                locate(manifest, path)
            except ManifestError as error:
                pytest.fail(f"{page.relative_to(ROOT)}: {error}")


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in sorted(ROOT.glob("docs/**/*.md")):
        if page.name != "README.md":
            assert f"({page.relative_to(ROOT / 'docs')})" in index


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z]+)", page.read_text("utf-8"))) <= targets


@pytest.fixture
def painted_block(tmp_path: Path) -> DataSet:
    """Made pairs where the page looks for them, with the records that the worker writes."""
    manifest = made_manifest(instances=10)
    data_set = DataSet(tmp_path / "out" / "painted_block")
    table = Table(manifest, viewpoints.plan(manifest.views, manifest.camera, Bounds((0.0, 0.0, 0.0), 10.0)))
    write_atomic(tmp_path / "part.npz", b"a part")
    origin = Provenance(manifest, tmp_path / "part.npz", "4.5.15", "CPU")
    for frame in range(manifest.frame_count):
        staged = data_set.open_attempt() / "pair"
        staged.mkdir()
        fill(staged, manifest, frame)
        developed = {key: json.loads((staged / RECORD).read_text())[key] for key in ("labels", "width", "height")}
        developed["defects"] = [{"id": 1, "kind": "dent", "diameter_mm": 1.5, "pixels": 16}]
        (staged / RECORD).write_text(complete_record(data_set, table, frame, developed, {"seconds": 1.0}, origin))
        data_set.commit(staged, frame)
    write_index(data_set)
    return data_set


def test_python_of_the_how_to_runs(
    painted_block: DataSet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(painted_block.root.parents[1])
    page = ROOT / "docs" / "how-to" / "read-a-data-set.md"
    code = "\n".join(block.values[0] for block in blocks("python", [page]))  # type: ignore[attr-defined]
    names: dict[str, object] = {}
    exec(compile(code, str(page), "exec"), names)
    assert capsys.readouterr().out.splitlines()[0] == "0 dent 1.5 mm: 16 px"
    train, test = ({pair["instance"] for pair in names[name]} for name in ("train", "test"))  # type: ignore[attr-defined]
    assert train | test == set(range(10))
    assert not train & test
