"""What is damaged, absent or impossible is skipped and named, or ends the report in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from manifests.errors import DataSetError, UserError
from manifests.layout import IMAGE, MASK, RECORD, DataSet
from worker.report import write_report

from .made import made_manifest, seal
from .reported import page_of, reported


@pytest.mark.parametrize("name", [IMAGE, MASK])
def test_damaged_picture_is_skipped_and_named(tmp_path: Path, name: str) -> None:
    data_set = reported(tmp_path, made_manifest(), [0, 1, 2])
    path = data_set.pair_folder(1) / name
    path.write_bytes(path.read_bytes()[:-40])
    page = page_of(data_set)
    assert f"frame 1: {name} " in page.text
    assert "left out below" in page.text
    assert len(page.all("img")) == 2
    assert "3 of 6 pairs complete" in page.text


def test_absent_picture_and_picture_of_another_size_are_named(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(), [0, 1, 2])
    (data_set.pair_folder(0) / IMAGE).unlink()
    Image.new("L", (5, 7)).save(data_set.pair_folder(2) / MASK)
    page = page_of(data_set)
    assert "frame 0: image.png cannot be read: No such file or directory; left out below." in page.text
    assert "frame 2: mask.png is 5 x 7 pixels, not 16 x 16; left out below." in page.text
    assert len(page.all("img")) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"frame": 1', "is damaged"),
        ("[]", "holds an impossible value"),
        ('{"frame": 1, "instance": 0}', "lacks 'seconds'"),
        ('{"frame": 1, "instance": null}', "holds an impossible value"),
    ],
)
def test_damaged_record_ends_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    data_set = reported(tmp_path, made_manifest(), [0, 1])
    old = write_report(data_set).read_bytes()
    (data_set.pair_folder(1) / RECORD).write_text(content)
    with pytest.raises(DataSetError) as caught:
        write_report(data_set)
    assert str(caught.value).startswith(f"{data_set.pair_folder(1) / RECORD}: {said}")
    assert "\n" not in str(caught.value)
    assert data_set.report_file.read_bytes() == old


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": float("nan")},
        {"defects": [{"id": 1, "label": "scratch", "pixels": 0, "bbox": None}]},
        {"defects": [{"id": 1, "label": "dent", "pixels": 9, "bbox": None}]},
        {"defects": [{"id": 1, "label": "dent", "pixels": 9, "bbox": [14, 0, 3, 3]}]},
        {"defects": [{"id": 1, "label": "dent", "pixels": 9, "bbox": [0, 0, 0, 3]}]},
    ],
)
def test_record_that_says_what_cannot_be_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    data_set = reported(tmp_path, made_manifest(), [0])
    seal(data_set.pair_folder(0), **changes)
    with pytest.raises(DataSetError, match=r"pair\.json: holds an impossible value; 'defectory verify"):
        write_report(data_set)


def test_folder_without_a_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="holds no data set"):
        write_report(DataSet(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    data_set = reported(tmp_path, made_manifest(), [0])
    data_set.report_file.mkdir()
    with pytest.raises(UserError, match=r"report\.html"):
        write_report(data_set)
