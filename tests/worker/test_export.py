"""Exports: what they take, what they refuse, and that neither the data set nor their place is ever half changed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.errors import DataSetError
from manifests.layout import IMAGE, INSTANCES, MASK, RECORD, DataSet
from worker.export import LAYOUTS, export_data_set, parse_split
from worker.export.frames import read_frame

from .exported import export_manifest, exported_data_set
from .made import seal
from .test_cli import run

SPLIT = parse_split("train=3,val=1,test=2")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return exported_data_set(tmp_path_factory.mktemp("original") / "set", export_manifest())


@pytest.fixture
def data_set(original: DataSet, tmp_path: Path) -> DataSet:
    return DataSet(shutil.copytree(original.root, tmp_path / "set"))


def contents(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_data_set_is_left_as_it_is_and_the_same_export_comes_again(data_set: DataSet, layout: str) -> None:
    before = contents(data_set.root)
    outs = [data_set.root.parent / name for name in ("one", "two")]
    for out in outs:
        done = export_data_set(data_set.root, layout, out, SPLIT)
        assert done.copied == 0
        assert done.linked == sum(side.good + side.defective for side in done.sides)
        assert sum(side.good + side.defective + side.left_out.total() for side in done.sides) == 12
    assert contents(outs[0]) == contents(outs[1])
    assert contents(data_set.root) == before
    assert {path.name for path in data_set.root.parent.iterdir()} == {"set", "one", "two"}
    assert not any(path.is_symlink() for path in outs[0].rglob("*"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_share_their_bytes_with_the_data_set(data_set: DataSet, tmp_path: Path, layout: str) -> None:
    export_data_set(data_set.root, layout, tmp_path / "out", SPLIT)
    masks = {"mask", "masks", "impurities", "ground_truth"}
    images = [p for p in (tmp_path / "out").rglob("*.png") if not masks & set(p.relative_to(tmp_path).parts)]
    assert images
    for path in images:
        assert path.samefile(data_set.pair_folder(int(path.stem)) / IMAGE)


def test_copies_where_the_file_system_cannot_link(
    data_set: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    done = export_data_set(data_set.root, "coco", tmp_path / "out")
    assert (done.linked, done.copied) == (0, 12)
    copy = tmp_path / "out/images/0000003.png"
    assert copy.read_bytes() == (data_set.pair_folder(3) / IMAGE).read_bytes()
    assert not copy.samefile(data_set.pair_folder(3) / IMAGE)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_interrupted_export_leaves_nothing(
    data_set: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def write(*_: object) -> None:
        raise error

    monkeypatch.setattr("worker.export.target.write_png", write)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataSetError):
        export_data_set(data_set.root, "mvtec", tmp_path / "out", SPLIT)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_existing_place_is_refused(data_set: DataSet, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(DataSetError, match="out: is there already"):
        export_data_set(data_set.root, "coco", tmp_path / "out")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataSetError, match="dangling: is there already"):
        export_data_set(data_set.root, "coco", tmp_path / "dangling")


def test_place_inside_the_data_set_is_refused(data_set: DataSet) -> None:
    with pytest.raises(DataSetError, match="lies in the data set"):
        export_data_set(data_set.root, "coco", data_set.root / "coco")


def test_incomplete_data_set_is_refused(data_set: DataSet, tmp_path: Path) -> None:
    data_set.discard(4)
    with pytest.raises(DataSetError, match="1 of 12 pairs are missing; 'defectory resume"):
        export_data_set(data_set.root, "coco", tmp_path / "out")


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [
        (IMAGE, b"", "image.png has changed"),
        (MASK, b"\x89PNG", "mask.png has changed"),
        (INSTANCES, None, "No such file"),
        (RECORD, b"{", "pair.json is no JSON"),
        (RECORD, b"\xff\xfe", "pair.json is no JSON"),
        (RECORD, b"[1]", "pair.json lacks something"),
        (RECORD, b"{}", "pair.json lacks something"),
    ],
)
def test_damaged_pair_is_one_line(
    data_set: DataSet, capsys: pytest.CaptureFixture[str], file: str, damage: bytes | None, said: str
) -> None:
    path = data_set.pair_folder(5) / file
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    out = data_set.root.parent / "out"
    code, _, err = run(capsys, "export", data_set.root, "yolo", out)
    assert code == 2
    assert f"frame 5 is damaged: {said}" in err
    assert err.count("\n") == 1
    assert not out.exists()


def test_masks_that_contradict_the_record_are_damage(data_set: DataSet, tmp_path: Path) -> None:
    folder = data_set.pair_folder(0)
    record = json.loads((folder / RECORD).read_text())
    faint = {"id": 9, "kind": "dent", "label": "no class", "insignificant": True}
    seal(folder, defects=[*record["defects"], faint])
    assert [d["id"] for d in read_frame(data_set, export_manifest(), 0).defects] == [1]
    for change, said in (
        ({"defects": []}, "instances.png holds 1, which is the id of no defect"),
        ({"defects": [record["defects"][0] | {"label": "bump"}]}, "mask.png gives defect 1 another class"),
        ({"defects": [record["defects"][0] | {"label": "rust"}]}, "pair.json lacks something"),
    ):
        seal(folder, **change)
        with pytest.raises(DataSetError, match=f"frame 0 is damaged: {said}"):
            export_data_set(data_set.root, "coco", tmp_path / "out")
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(folder / MASK)
    seal(folder)
    with pytest.raises(DataSetError, match=r"mask.png is no grey picture of 72 x 64 pixels"):
        export_data_set(data_set.root, "coco", tmp_path / "out")


@pytest.mark.parametrize(
    ("layout", "split", "said"),
    [
        ("mvtec", None, "mvtec: needs sides train and test"),
        ("mvtec", "train=3,valid=3", "mvtec: needs sides train and test"),
        ("folder", "train=3,val=3", "folder: needs sides train and test"),
        ("yolo", "train=3,test=3", "yolo: needs sides train and val"),
        ("coco", "a=3,b=4", "the split counts 7 instances, but the data set has 6"),
        ("coco", "a=0.98,b=0.01,c=0.01", "side 'b' without any of the 6 instances; give counts, such as a=4,b=1,c=1"),
    ],
)
def test_split_that_does_not_fit_is_refused(
    data_set: DataSet, tmp_path: Path, layout: str, split: str | None, said: str
) -> None:
    with pytest.raises(DataSetError, match=said):
        export_data_set(data_set.root, layout, tmp_path / "out", parse_split(split) if split else None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("label", ["good", "a/b", "..", "x" * 90])
def test_label_that_is_no_folder_is_refused(data_set: DataSet, tmp_path: Path, label: str) -> None:
    text = data_set.manifest_file.read_text().replace("label: bump", f"label: {label}")
    data_set.manifest_file.write_text(text)
    with pytest.raises(DataSetError, match="cannot be the name of a folder"):
        export_data_set(data_set.root, "mvtec", tmp_path / "out", SPLIT)


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    split = parse_split("train=1,test=5")
    manifests = (export_manifest(seed=seed) for seed in range(100))
    manifest = next(one for one in manifests if split.divide(one)["train"] == [0])  # which has a dent
    data_set = exported_data_set(tmp_path / "set", manifest)
    with pytest.raises(DataSetError, match="no frame on side train is without defects"):
        export_data_set(data_set.root, "mvtec", tmp_path / "out", split)


def test_command_says_what_went_where(data_set: DataSet, capsys: pytest.CaptureFixture[str]) -> None:
    out = data_set.root.parent / "out"
    code, said, _ = run(capsys, "export", data_set.root, "mvtec", out, "--split", "train=4,test=2")
    assert code == 0
    split = json.loads((out / "split.json").read_text())
    train = split["instances"]["train"]
    bad = sum(2 for instance in train if instance in (0, 2, 4))
    assert said.splitlines()[:3] == [
        f"{out}: {12 - bad} images linked, 0 copied",
        f"train: {8 - bad} frames of 4 instances, {8 - bad} good, 0 defective",
        f"  left out: {bad} defective frames on side train, which holds good ones only",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch", "out"], "'nosuch' is not one of"),
        (["coco", "out", "--split", "train"], "'train' is no side"),
        (["coco", "out", "--split", "a=0.5,b=0.6"], "the shares sum to 1.1, not to 1"),
    ],
)
def test_mistake_of_the_command_is_one_line(
    data_set: DataSet, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, _, err = run(capsys, "export", data_set.root, *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
