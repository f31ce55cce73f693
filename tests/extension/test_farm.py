"""Submit to Farm, Cancel and Open Report, against a Redis, a worker and processes that are real."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from manifests.layout import DataSet
from tests.farm.conftest import marked, wait_until, write_box
from tests.farm.farms import Farm
from worker.farm import board

Inside = Callable[..., Any]


@pytest.fixture
def farm(blender: str, tmp_path: Path) -> Iterator[Farm]:
    """A Redis, and ``rq worker render`` beside it."""
    if blender != sys.executable:
        pytest.skip("what runs beside Blender is the same for each; one is tested")
    found = Farm(tmp_path)
    found.start_redis()
    found.start_worker()
    yield found
    found.end()


def test_a_submitted_inspection_ends_in_pairs_and_a_report(
    inside: Inside, farm: Farm, command: Path, tmp_path: Path
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f"#!/bin/sh\necho \"$1\" > '{opened}'\n")
    browser.chmod(0o755)
    write_box(tmp_path / "box.stl")
    facts = inside("farm.submit", tmp_path / "box.stl", command, farm.url, browser)
    assert facts["submit"] == [["FINISHED"], ""]
    assert facts["shown"] == ["preferences.addon_show", "0 of 3 pairs", "defectory.cancel_run"]
    assert facts["twice"] == [["CANCELLED"], "A data set is being rendered already; wait for it or cancel it"]
    data_set = DataSet(tmp_path / "sets" / "box")
    assert Path(facts["data_set"]) == data_set.root
    assert data_set.complete_frames() == [0, 1, 2]
    assert facts["after"] == ["preferences.addon_show", "defectory.open_report"]
    assert facts["report"][0] == ["FINISHED"]
    wait_until(lambda: opened.is_file() and opened.read_text())
    assert opened.read_text().strip() == data_set.report_file.as_uri()
    assert farm.nodes[0].process.poll() is None


def test_what_is_cancelled_stops_and_keeps_its_pairs(inside: Inside, farm: Farm, command: Path, tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl")
    lingering = tmp_path / "lingering"
    lingering.write_text(f'#!/bin/sh\n\'{command}\' "$@" || exit\n[ "$1" != submit ] || exec sleep 300\n')
    lingering.chmod(0o755)
    facts = inside("farm.stop", tmp_path / "box.stl", command, lingering, farm.url)
    for name in ("here", "farm", "early", "at_once"):
        pressed, cancelled, folder, pairs = facts[name]
        assert pressed == cancelled == [["FINISHED"], ""], name
        assert Path(folder) == tmp_path / "sets" / name
        assert (pairs == 0) if name == "at_once" else (0 < pairs < 40), name
    assert facts["left"] == [{}, True]
    assert marked(str(command)) == {}
    assert board.look(farm.redis).runs == []
    wait_until(lambda: not farm.nodes[0].children())
    assert farm.nodes[0].process.poll() is None
