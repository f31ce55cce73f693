"""A pair becomes part of a data set whole or not at all, whoever else tries, and whatever the disk says."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from manifests.errors import DataSetError
from manifests.layout import IMAGE, INSTANCES, MASK, RECORD, DataSet, disk_errors, write_atomic

FILES = (IMAGE, MASK, INSTANCES, RECORD)


def fill(folder: Path, mark: str) -> Path:
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(json.dumps({"mark": mark, "name": name}))
    return folder


def marks(folder: Path) -> set[str]:
    assert sorted(os.listdir(folder)) == sorted(FILES)
    return {json.loads((folder / name).read_text())["mark"] for name in FILES}


def test_committed_pair_is_where_the_layout_says(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path / "set")
    assert data_set.complete_frames() == []
    assert not data_set.is_complete(1234567)
    assert data_set.commit(fill(data_set.open_attempt() / "a", "one"), 1234567)
    assert (tmp_path / "set" / "pairs" / "1234" / "1234567" / "image.png").exists()
    assert data_set.is_complete(1234567)
    assert data_set.record(1234567)["mark"] == "one"


def test_first_commit_wins_and_the_second_leaves_nothing(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    first, second = (fill(data_set.open_attempt() / "pair", mark) for mark in ("first", "second"))
    assert data_set.commit(first, 3)
    assert not data_set.commit(second, 3)
    assert marks(data_set.pair_folder(3)) == {"first"}
    assert not first.exists()
    assert not second.exists()


def compete(root: Path, start: object, mark: str, won: object) -> None:
    data_set = DataSet(root)
    for frame in range(40):
        staged = fill(data_set.open_attempt() / "pair", mark)
        start.wait()  # type: ignore[attr-defined]
        if data_set.commit(staged, frame):
            won.put((frame, mark))  # type: ignore[attr-defined]


def test_concurrent_commits_leave_one_whole_pair(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, won = context.Barrier(4), context.Queue()
    racers = [context.Process(target=compete, args=(tmp_path, start, f"racer {i}", won)) for i in range(4)]
    for racer in racers:
        racer.start()
    winners = [won.get(timeout=60) for _ in range(40)]
    for racer in racers:
        racer.join(60)
        assert racer.exitcode == 0
    assert won.empty()
    assert sorted(frame for frame, _ in winners) == list(range(40))
    data_set = DataSet(tmp_path)
    for frame, mark in winners:
        assert marks(data_set.pair_folder(frame)) == {mark}


def test_frames_are_listed_in_order_and_strange_names_left_out(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    for frame in (2000, 7, 999, 1_048_573):
        data_set.commit(fill(data_set.open_attempt() / "pair", "x"), frame)
    (data_set.pairs_folder / "0000" / ".trash").mkdir()
    (data_set.pairs_folder / "0000" / "²").mkdir()
    (data_set.pairs_folder / "note.txt").write_text("")
    assert data_set.complete_frames() == [7, 999, 2000, 1_048_573]


def test_discarded_pair_is_gone_whole_and_can_come_again(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    data_set.commit(fill(data_set.open_attempt() / "pair", "old"), 5)
    data_set.discard(5)
    data_set.discard(5)
    assert not data_set.is_complete(5)
    assert data_set.commit(fill(data_set.open_attempt() / "pair", "new"), 5)
    assert marks(data_set.pair_folder(5)) == {"new"}


def test_absent_and_damaged_records_are_named(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    with pytest.raises(DataSetError, match="frame 5 has no pair"):
        data_set.record(5)
    data_set.commit(fill(data_set.open_attempt() / "pair", "x"), 5)
    (data_set.pair_folder(5) / RECORD).write_bytes(b'{"frame": 5, "ima')
    with pytest.raises(DataSetError, match="is damaged"):
        data_set.record(5)


def test_attempts_have_folders_of_their_own(tmp_path: Path) -> None:
    data_set = DataSet(tmp_path)
    assert len({data_set.open_attempt() for _ in range(20)}) == 20


def test_write_atomic_replaces_and_leaves_no_scratch(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "index.jsonl"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["index.jsonl"]


def test_reader_sees_the_old_or_the_new_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([i]) * 300_000 for i in range(2)]
    write_atomic(path, contents[0])
    writer = multiprocessing.get_context("fork").Process(
        target=lambda: [write_atomic(path, contents[i % 2]) for i in range(60)]
    )
    writer.start()
    while writer.is_alive():
        assert path.read_bytes() in contents
    writer.join()
    assert writer.exitcode == 0


def test_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(DataSetError, match="a file stands where a folder is needed"):
        write_atomic(tmp_path / "out" / "manifest.yaml", b"")
    with pytest.raises(DataSetError, match="a file stands where a folder is needed"):
        DataSet(tmp_path / "out").open_attempt()


def test_unknown_errors_of_the_system_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="bad descriptor"), disk_errors(tmp_path):
        raise OSError(9, "bad descriptor")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB; it needs root, so that elsewhere its tests are skipped."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k,nr_inodes=100", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"this machine does not mount a tmpfs: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_full_disk_is_named_and_leaves_the_old_file(tiny_disk: Path) -> None:
    path = tiny_disk / "index.jsonl"
    write_atomic(path, b"old")
    with pytest.raises(DataSetError, match="the disk is full; free some space"):
        write_atomic(path, b"x" * 200_000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tiny_disk) == ["index.jsonl"]


def test_full_disk_commits_nothing(tiny_disk: Path) -> None:
    data_set = DataSet(tiny_disk)
    staged = fill(data_set.open_attempt() / "pair", "x")
    with contextlib.suppress(OSError):
        for i in range(1000):
            (tiny_disk / f"filler{i}").write_bytes(b"")
    with pytest.raises(DataSetError, match="the disk is full"):
        data_set.commit(staged, 0)
    assert data_set.complete_frames() == []
    assert marks(staged) == {"x"}
