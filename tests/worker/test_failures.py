"""Failed tries are counted frame by frame, quarantine the frame in the end, and are forgotten when asked to."""

from __future__ import annotations

from pathlib import Path

from worker.pairs.failures import Try, add, count_by_kind, failures, forget, quarantined

from .made import made_data_set, made_manifest

SLOW = Try("timeout", "took longer than 5 s", "a1", ("Fra:3",))
DARK = Try("output", "image.png is constant", "a2")


def test_tries_add_up_to_quarantine(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [0])
    assert not add(data_set, 3, SLOW, most_tries=2).quarantined
    assert not quarantined(data_set)
    add(data_set, 3, DARK, most_tries=2)
    add(data_set, 4, SLOW, most_tries=2)
    found = failures(data_set)
    assert [(f.frame, f.kind, f.reason, f.quarantined) for f in found] == [
        (3, "output", "image.png is constant", True),
        (4, "timeout", "took longer than 5 s", False),
    ]
    assert [each.attempt for each in found[0].tries] == ["a1", "a2"]
    assert found[0].tries[0].log == ("Fra:3",)
    assert found[0].tries[0].host and found[0].tries[0].at
    assert list(quarantined(data_set)) == [3]
    assert count_by_kind(found) == {"output": 1, "timeout": 1}


def test_frames_get_their_tries_again(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [0])
    for frame in (2, 3, 4):
        add(data_set, frame, SLOW, most_tries=1 + frame % 2)
    assert forget(data_set, [2, 3]) == [2]
    assert [f.frame for f in failures(data_set)] == [4]
    assert forget(data_set) == [4]
    assert not failures(data_set)


def test_what_has_a_pair_has_not_failed_and_a_damaged_file_counts_for_nothing(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [0])
    add(data_set, 0, SLOW, most_tries=1)
    add(data_set, 1, SLOW, most_tries=1)
    data_set.failure_file(1).write_text('{"frame": 1')
    assert not failures(data_set)
    assert not add(data_set, 1, SLOW, most_tries=2).quarantined
