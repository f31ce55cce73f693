"""What goes wrong while an inspection is open: said in the panel, in a line with what to do, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.farm.conftest import write_box

Inside = Callable[..., Any]


def test_mishaps_are_said_and_kill_no_driver(inside: Inside, examples: Path) -> None:
    facts = inside("mishaps.mishaps", examples / "painted_block.yaml")
    assert facts["beyond"] == facts["last"]
    assert facts["beyond_problem"] == ""
    assert facts["back"] == facts["first"]
    assert facts["first"] != facts["last"]
    assert facts["deleted_problem"] == "The part was deleted from the scene: undo, or open the manifest again"
    assert facts["seed"]
    assert not facts["failed"]
    assert facts["woken"] == facts["third"]
    assert facts["third"] != facts["first"]


def test_what_fails_beside_the_window_is_said_and_watched_on(inside: Inside, tmp_path: Path) -> None:
    pairs, command = tmp_path / "sets" / "box" / "pairs", tmp_path / "defectory"
    command.write_text('#!/bin/sh\nmkdir -p "$4"\n: > "$4/pairs"\nexec sleep 300\n')
    command.chmod(0o755)
    facts = inside("mishaps.beside_the_window", pairs, command)
    bug = "Defectory failed (ValueError: of a bug); the system console has more"
    assert facts["then"] == facts["hear"] == [[], bug, False]
    # What was said about another job still stands.
    assert facts["well"] == [[], bug, False]
    assert facts["unreadable"] == [0.5, f"{pairs.parent}: cannot be read: Not a directory"]
    assert facts["readable"] == ["", 1]
    assert facts["ended"] == [True, ""]


def test_what_is_taken_away_behind_the_panels_back_is_said_and_comes_back(inside: Inside, tmp_path: Path) -> None:
    """In a file that was never saved; each harm undone, the next export is that from before to the letter."""
    write_box(tmp_path / "box.stl", 40)
    facts = inside("mishaps.behind_the_back", tmp_path / "box.stl", tmp_path / "set" / "a.yaml")
    well = facts["well"]
    assert (facts["file"], facts["export"]) == ("", [["FINISHED"], ""])

    said, result, allowed, alive, after = facts["forbid_drivers"]
    assert "The drivers do not run" in said
    assert "defectory.allow_drivers" in said
    assert (result, allowed, alive, after) == (["FINISHED"], True, True, well)

    gone = "The camera was deleted from the scene: undo, or restore it"
    said, refused, result, there, after = facts["delete_camera"]
    assert gone + " defectory.restore_rig" in said
    assert refused == [["CANCELLED"], gone]
    assert (result, there, after) == (["FINISHED"], True, well)

    name, said, after = facts["copy_part"]
    assert f"{name} is a copy of the part" in said
    assert after == well

    gone = "The part was deleted from the scene: undo, or open the manifest again"
    said, refused, sheet, back = facts["delete_part"]
    assert said.count(gone) == 1
    assert refused == [["CANCELLED"], gone]
    assert (sheet, back) == (["CANCELLED"], "Part")

    export, edit, missing, unchanged, torn, unchanged_too, again = facts["cad"]
    assert export[0] == missing[0] == torn[0] == ["CANCELLED"]
    for problem in (export[1], edit[1], missing[1]):
        assert "there is no such CAD file; put it there or change 'part.file'" in problem
    assert "torn.stl: truncated" in torn[1]
    assert unchanged
    assert unchanged_too
    # What was asked for and failed stays said while the scene follows edits again.
    assert again == [True, torn[1], "a.yaml"]

    assert facts["after"] == [[["FINISHED"], ""], True, well]
    refused, same, again, rewritten = facts["disk"]["blend"]
    assert refused[0] == ["CANCELLED"]
    assert refused[1].startswith(f"{tmp_path / 'set' / 'a.blend'}: cannot be written")
    # What the failed export was to hold is not taken for exported.
    assert (same, again, rewritten) == (True, [["FINISHED"], ""], ["a.blend", "a.yaml"])
    refused, same, again, rewritten = facts["disk"]["manifest"]
    assert refused == [["CANCELLED"], f"{tmp_path / 'set' / 'a.yaml'}: cannot be written: File too large"]
    assert (same, again, rewritten) == (True, [["FINISHED"], ""], ["a.yaml"])
    refused, same, again, rewritten = facts["disk"]["elsewhere"]
    assert refused[0] == ["CANCELLED"]
    assert refused[1].startswith(f"{tmp_path / 'set' / 'elsewhere' / 'b.blend'}: cannot be written")
    assert (same, again, rewritten) == (True, [["FINISHED"], ""], ["b.blend", "b.yaml"])
    said, kept, shown = facts["newer"]
    assert "version 99 is newer than this Defectory" in said
    assert kept
    assert shown
