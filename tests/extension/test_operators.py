"""Each operator of the extension is what its function is, and undo and redo restore what it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.farm.conftest import write_box

OPERATORS = (
    *("add_item", "move_item", "copy_item", "remove_item", "randomise", "stop_randomising", "new_draw"),
    *("next_instance", "restore_rig", "apply_surface", "apply_rig", "surface_on_selection", "load_photograph"),
    *("match_point", "remove_point", "solve_camera", "remove_photograph", "export", "import_part", "open_manifest"),
)
ELSEWHERE = {
    "wake_drivers": "no data of the scene: test_mishaps",
    "allow_drivers": "a preference of Blender: test_mishaps",
    "contact_sheet": "a picture beside the scene: test_live",
    "compute_coverage": "colours over the scene: test_live",
    "cancel_job": "a process: test_live",
    "compare_render": "a process: test_authoring",
    "match_exposure": "needs what compare_render has measured: test_authoring, undo included",
    "render_here": "an export and a process: test_exporting",
    "submit": "likewise: test_farm",
    "cancel_run": "a process: test_farm",
    "open_report": "a browser: test_farm",
}


@pytest.fixture(scope="module")
def facts(inside: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every operator of OPERATORS has done, one after the other in one Blender."""
    folder = tmp_path_factory.mktemp("operators")
    write_box(folder / "box.stl", 40)
    write_box(folder / "larger.stl", 50)
    (folder / "tiny.yaml").write_text("name: tiny\npart: {file: box.stl}\n")
    answer: dict[str, Any] = inside(
        "operators.each", folder / "box.stl", folder / "larger.stl", folder / "tiny.yaml", folder
    )
    return answer


@pytest.mark.parametrize("name", OPERATORS)
def test_operator_function_undo_and_redo(name: str, facts: dict[str, Any]) -> None:
    seen = facts["operators"][name]
    assert (seen["result"], seen["problem"]) == (["FINISHED"], "")
    assert seen["changes"]
    assert (seen["undo"], seen["redo"], seen["function"]) == ([], [], [])


def test_every_operator_is_tested(facts: dict[str, Any]) -> None:
    assert set(facts["names"]) == {*OPERATORS, *ELSEWHERE}
