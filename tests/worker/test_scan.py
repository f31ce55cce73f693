"""The quick look sees what needs no picture, and names it."""

from __future__ import annotations

from pathlib import Path

from manifests.layout import IMAGE, MASK, RECORD
from worker.pairs.scan import scan

from .made import made_data_set, made_manifest, seal


def test_quick_look_finds_what_needs_no_picture(tmp_path: Path) -> None:
    manifest = made_manifest()
    data_set = made_data_set(tmp_path, manifest, list(range(6)))
    assert [problem for _, problem in scan(data_set, manifest, data_set.complete_frames())] == [None] * 6
    (data_set.pair_folder(0) / MASK).unlink()
    (data_set.pair_folder(1) / IMAGE).write_bytes(b"")
    (data_set.pair_folder(2) / RECORD).write_text('{"frame": 2')
    (data_set.pair_folder(3) / RECORD).unlink()
    seal(data_set.pair_folder(4), frame=5)
    assert dict(scan(data_set, manifest, data_set.complete_frames())) == {
        0: "frame 0: mask.png cannot be read: No such file or directory",
        1: "frame 1: image.png is empty",
        2: "frame 2: pair.json is damaged",
        3: "frame 3: pair.json cannot be read: No such file or directory",
        4: "frame 4: pair.json has frame 5, not 4",
        5: None,
    }
