"""The index says what the pairs say, in order, and is never half written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from manifests.errors import DataSetError
from manifests.layout import RECORD
from worker.pairs.index import write_index

from .made import made_data_set, made_manifest


def test_one_line_a_pair_ascending(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [5, 0, 3])
    assert write_index(data_set) == 3
    lines = [json.loads(line) for line in data_set.index_file.read_text().splitlines()]
    assert lines == [data_set.record(frame) for frame in (0, 3, 5)]


def test_no_pairs_give_an_empty_index(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [])
    assert write_index(data_set) == 0
    assert data_set.index_file.read_bytes() == b""


def test_record_that_somebody_indented_is_one_line_again(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [0])
    record = data_set.record(0)
    (data_set.pair_folder(0) / RECORD).write_text(json.dumps(record, indent=2))
    write_index(data_set)
    assert json.loads(data_set.index_file.read_text().rstrip("\n")) == record


def test_damaged_record_leaves_the_old_index(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path, made_manifest(), [0, 1])
    write_index(data_set)
    before = data_set.index_file.read_bytes()
    (data_set.pair_folder(1) / RECORD).write_bytes(b'{"frame": 1')
    with pytest.raises(DataSetError, match="is damaged; 'defectory verify"):
        write_index(data_set)
    assert data_set.index_file.read_bytes() == before
