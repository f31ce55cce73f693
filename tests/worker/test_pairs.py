"""Each way in which a pair can be wrong is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from manifests.errors import DataSetError, FolderRefused
from manifests.layout import IMAGE, INSTANCES, MASK, PASSES, RECORD, TWIN, VISIBLE
from worker.develop.passes import read_passes, write_passes
from worker.pairs import check_pair, damaged
from worker.pairs.index import write_index
from worker.runs import verify

from .made import SIDE, fill, made_data_set, made_manifest, seal

OUTPUTS: list[dict[str, Any]] = [
    {},
    {"flatten": True},
    {"greyscale": True},
    {"greyscale": True, "flatten": True},
]


@pytest.mark.parametrize("output", OUTPUTS)
def test_good_pair_passes(tmp_path: Path, output: dict[str, Any]) -> None:
    manifest = made_manifest(output=output)
    fill(tmp_path, manifest, 3)
    check_pair(tmp_path, manifest, 3)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def paint(path: Path, value: int, dtype: type = np.uint8) -> None:
    pixels = np.array(Image.open(path)).astype(dtype)
    pixels[0, 0] = value
    Image.fromarray(pixels).save(path)


def replace(path: Path, pixels: np.ndarray[Any, Any]) -> None:
    Image.fromarray(pixels).save(path)


def black() -> np.ndarray[Any, Any]:
    pixels = np.zeros((SIDE, SIDE, 4), dtype=np.uint8)
    pixels[2:, :, 3] = 255
    return pixels


# What is done to the folder before and after the hashes are taken, and what must be said.
DAMAGE: dict[str, tuple[Callable[[Path], object], Callable[[Path], object], str]] = {
    "no image": (lambda f: None, lambda f: (f / IMAGE).unlink(), "image.png cannot be read: No such file"),
    "no record": (lambda f: None, lambda f: (f / RECORD).unlink(), "pair.json cannot be read"),
    "torn record": (lambda f: None, lambda f: cut(f / RECORD), "pair.json is no JSON"),
    "empty record": (lambda f: None, lambda f: (f / RECORD).write_text("{}"), "pair.json lacks 'sha256'"),
    "changed mask": (lambda f: None, lambda f: paint(f / MASK, 1), "mask.png has changed since it was rendered"),
    "torn image": (lambda f: cut(f / IMAGE), lambda f: None, "image.png cannot be decoded"),
    "no picture": (lambda f: (f / MASK).write_bytes(b"x" * 40), lambda f: None, "mask.png cannot be decoded"),
    "other size": (
        lambda f: replace(f / IMAGE, np.zeros((8, 9, 4), dtype=np.uint8)),
        lambda f: None,
        "image.png is 9 x 8 pixels, not 16 x 16",
    ),
    "other mode": (
        lambda f: replace(f / IMAGE, np.zeros((SIDE, SIDE, 3), dtype=np.uint8)),
        lambda f: None,
        "image.png has 8 bits and PNG colour type 2, not 8 and 6",
    ),
    "8-bit instances": (
        lambda f: replace(f / INSTANCES, np.zeros((SIDE, SIDE), dtype=np.uint8)),
        lambda f: None,
        "instances.png has 8 bits and PNG colour type 0, not 16 and 0",
    ),
    "constant": (
        lambda f: replace(f / IMAGE, np.full((SIDE, SIDE, 4), 128, dtype=np.uint8)),
        lambda f: None,
        "image.png is constant",
    ),
    "black": (lambda f: replace(f / IMAGE, black()), lambda f: None, "image.png is black"),
    "unknown label": (lambda f: paint(f / MASK, 2), lambda f: None, "mask.png holds 2, which is the value of no label"),
    "unknown id": (
        lambda f: paint(f / INSTANCES, 7, np.uint16),
        lambda f: None,
        "instances.png holds 7, which is the id of no defect",
    ),
    "id without a class": (
        lambda f: paint(f / INSTANCES, 1, np.uint16),
        lambda f: None,
        "instances.png marks a defect where mask.png has background",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(tmp_path: Path, name: str) -> None:
    before, after, said = DAMAGE[name]
    manifest = made_manifest()
    fill(tmp_path, manifest, 3)
    before(tmp_path)
    seal(tmp_path)
    after(tmp_path)
    with pytest.raises(DataSetError) as caught:
        check_pair(tmp_path, manifest, 3)
    assert str(caught.value).startswith(f"frame 3: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frame": 4}, "pair.json has frame 4, not 3"),
        ({"manifest_sha256": "ab"}, "pair.json has manifest_sha256 'ab'"),
        ({"labels": {"background": 0}}, "pair.json has labels {'background': 0}"),
        ({"width": 17}, "pair.json has width 17, not 16"),
    ],
)
def test_record_of_something_else_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    manifest = made_manifest()
    fill(tmp_path, manifest, 3)
    seal(tmp_path, **changes)
    with pytest.raises(DataSetError, match=r"^frame 3: ") as caught:
        check_pair(tmp_path, manifest, 3)
    assert said in str(caught.value)


TWIN_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no twin": (lambda f: (f / TWIN).unlink(), "twin.png cannot be read"),
    "constant": (lambda f: replace(f / TWIN, np.full((SIDE, SIDE, 4), 9, dtype=np.uint8)), "twin.png is constant"),
    "unmasked": (lambda f: paint(f / VISIBLE, 1), "visible.png marks what mask.png does not hold there"),
    "16 bits": (lambda f: paint(f / VISIBLE, 1, np.uint16), "visible.png has 16 bits"),
}


@pytest.mark.parametrize("name", TWIN_DAMAGE)
def test_damage_of_a_twin_is_named(tmp_path: Path, name: str) -> None:
    manifest = made_manifest(twin={"without": ["defects"]})
    fill(tmp_path, manifest, 3)
    check_pair(tmp_path, manifest, 3)
    damage, said = TWIN_DAMAGE[name]
    damage(tmp_path)
    if (tmp_path / TWIN).exists():
        seal(tmp_path)
    with pytest.raises(DataSetError, match=f"^frame 3: {said}"):
        check_pair(tmp_path, manifest, 3)


def test_impurity_may_lack_an_id(tmp_path: Path) -> None:
    manifest = made_manifest(impurities=[{"kind": "dust"}])
    fill(tmp_path, manifest, 0)
    paint(tmp_path / MASK, 2)
    seal(tmp_path)
    check_pair(tmp_path, manifest, 0)


def test_passes_are_of_the_pair(tmp_path: Path) -> None:
    manifest = made_manifest(output={"passes": ["normal", "depth"]})
    fill(tmp_path, manifest, 3)
    check_pair(tmp_path, manifest, 3)
    file = tmp_path / PASSES
    good = read_passes(file, manifest.output.passes)
    endless = {**good, "depth": np.full_like(good["depth"], np.inf)}
    wrong = {
        "is 8 x 16 pixels, not 16 x 16": {name: values[:, :8] for name, values in good.items()},
        "has the channels coverage.A, depth.Z, not those of its manifest": {k: good[k] for k in ("coverage", "depth")},
        "holds numbers in depth that are not finite": endless,
    }
    for said, passes in wrong.items():
        write_passes(file, passes)
        with pytest.raises(DataSetError, match=r"^frame 3: passes.exr has changed since it was rendered"):
            check_pair(tmp_path, manifest, 3)
        seal(tmp_path)
        with pytest.raises(DataSetError, match=f"^frame 3: passes.exr {said}"):
            check_pair(tmp_path, manifest, 3)
    cut(file)
    seal(tmp_path)
    with pytest.raises(DataSetError, match=r"^frame 3: passes.exr cannot be decoded"):
        check_pair(tmp_path, manifest, 3)
    file.unlink()
    with pytest.raises(DataSetError, match=r"^frame 3: passes.exr cannot be read"):
        check_pair(tmp_path, manifest, 3)


def test_all_pairs_of_a_data_set_are_looked_at_in_order(tmp_path: Path) -> None:
    manifest = made_manifest()
    data_set = made_data_set(tmp_path / "set", manifest, [0, 2, 5])
    cut(data_set.pair_folder(2) / IMAGE)
    found = dict(damaged(data_set, manifest, data_set.complete_frames()))
    assert list(found) == [0, 2, 5]
    assert found[0] is None
    assert found[5] is None
    assert found[2] is not None
    assert found[2].startswith("frame 2: image.png has changed")


def test_the_id_of_an_insignificant_defect_has_no_business_in_the_mask(tmp_path: Path) -> None:
    manifest = made_manifest()
    fill(tmp_path, manifest, 3)
    record = json.loads((tmp_path / RECORD).read_text())
    seal(tmp_path, defects=[{**d, "insignificant": True} for d in record["defects"]])
    with pytest.raises(DataSetError, match="which is the id of no defect"):
        check_pair(tmp_path, manifest, 3)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="has no file that exists and cannot be read")
@pytest.mark.parametrize("quick", [False, True])
def test_repair_leaves_what_it_cannot_read(tmp_path: Path, quick: bool) -> None:
    data_set = made_data_set(tmp_path / "set", made_manifest(), [0, 1, 2])
    write_index(data_set)
    (data_set.pair_folder(0) / MASK).unlink()
    record = data_set.pair_folder(1) / RECORD
    record.rename(tmp_path / RECORD)
    record.symlink_to("/proc/self/mem")  # reading it is an error of input
    with pytest.raises(FolderRefused, match=r"cannot be read on this machine now: Input/output error"):
        list(verify(data_set.root, repair=True, quick=quick))
    assert data_set.complete_frames() == [1, 2]
    assert not data_set.index_file.exists()
    record.unlink()
    (tmp_path / RECORD).rename(record)
    assert [problem for _, problem in verify(data_set.root, repair=True, quick=quick)] == [None, None]


def test_repair_that_is_stopped_leaves_an_index_of_what_is_there(tmp_path: Path) -> None:
    data_set = made_data_set(tmp_path / "set", made_manifest(), [0, 1, 2])
    write_index(data_set)
    (data_set.pair_folder(0) / MASK).unlink()
    repair = verify(data_set.root, repair=True)
    assert next(repair)[0] == 0
    repair.close()
    assert [json.loads(line)["frame"] for line in data_set.index_file.read_text().splitlines()] == [1, 2]
