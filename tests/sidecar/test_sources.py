"""Folders to samples: what each layout gives, and the line that a wrong one ends in."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import manifests
from manifests.errors import DataSetError, ManifestError
from manifests.fields import from_dict
from manifests.files import read_manifest, write_yaml
from sidecar.data.samples import Sample, read_image, read_mask, read_picture
from sidecar.data.sources import Folder, LabelMe, MVTec, Rendered
from tests.sidecar import pictures
from worker import runs
from worker.develop.passes import write_passes


def mask_of(sample: Sample, numbers: dict[str, int], side: int = 48) -> pictures.Bytes:
    return read_mask(sample, numbers, side, side)


def test_rendered_data_set(tmp_path: Path) -> None:
    samples = Rendered(str(pictures.rendered(tmp_path / "set"))).samples()
    assert [sample.group for sample in samples] == [f"{instance:05d}" for instance in range(6) for _ in range(2)]
    assert [sample.view for sample in samples[:3]] == ["0", "1", "0"]
    assert [sample.good for sample in samples] == [True] * 6 + [False] * 6
    assert samples[0].acceptable == {"dust"} and samples[7].shows == {"dent"}
    assert samples[0].defects == {} and samples[7].defects[1]["kind"] == "dent"
    image, alpha = read_image(samples[7].image)
    assert image.shape == (16, 16, 3) and alpha is not None
    # Laid on black where it is transparent.
    assert (image[:, :4] == 0).all() and (image[:4, 4:] == 100).all()
    mask = mask_of(samples[7], {"dent": 1, "dust": 2}, 16)
    assert mask[5, 9] == 1 and mask[0, 8] == 2 and (mask == 1).sum() == 16


def test_rendered_data_set_without_its_index(tmp_path: Path) -> None:
    root = pictures.rendered(tmp_path / "set")
    assert not (root / "index.jsonl").exists()
    before = Rendered(str(root)).samples()
    lines = [json.loads(path.read_text()) for path in sorted(root.rglob("pair.json"))]
    (root / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Rendered(str(root)).samples() == before
    assert len(Rendered(str(root), good_only=True).samples()) == 6


def test_light_states_are_chosen(tmp_path: Path) -> None:
    root = str(pictures.rendered(tmp_path / "set"))
    of_a, both = (Rendered(root, light_states=states).samples() for states in (("a",), ("a", "b")))
    assert [sample.view for sample in of_a] == ["0"] * 6 and len(both) == len(Rendered(root).samples()) == 12
    with pytest.raises(DataSetError, match="no frames of the light states c; there are a, b"):
        Rendered(root, light_states=("a", "c")).samples()


def test_passes_are_pictures(tmp_path: Path) -> None:
    root = pictures.rendered(tmp_path / "set", passes=["albedo", "normal_camera"])
    half = {
        "coverage": np.zeros((16, 16)),
        "albedo": np.full((16, 16, 3), 0.25),
        "normal_camera": np.zeros((16, 16, 3)),
    }
    half["coverage"][:, 8:] = 1
    half["normal_camera"][..., 2] = 1
    first = min(root.rglob("passes.exr"))
    write_passes(first, {name: values.astype(np.float32) for name, values in half.items()})
    albedo, normal = (Rendered(str(root), picture=picture).samples()[0] for picture in ("albedo", "normal_camera"))
    assert albedo.image == normal.image == first and albedo.mask == Rendered(str(root)).samples()[0].mask
    image, part = read_picture(albedo)
    assert (image[:, 8:] == 64).all() and not image[:, :8].any() and set(np.unique(part)) == {0, 255}
    # A face that looks at the camera has (0, 0, 1).
    assert (read_picture(normal)[0][:, 8:] == (128, 128, 255)).all()
    with pytest.raises(
        DataSetError, match=r"passes\.exr: has no pass 'normal'; render with 'output.passes: \[normal\]'"
    ):
        read_picture(Rendered(str(root), picture="normal").samples()[0])


def test_relief_stands_for_the_frames_it_was_made_of(tmp_path: Path) -> None:
    root, relief = pictures.rendered(tmp_path / "set"), tmp_path / "relief"
    for frame in (0, 8):
        pictures.write(relief / f"{frame:07d}" / "curvature.png", np.full((16, 16), frame, np.uint8))
    samples = Rendered(str(root), picture="relief_curvature", relief=str(relief)).samples()
    assert [(sample.name, sample.good) for sample in samples] == [("0000000", True), ("0000008", False)]
    assert [int(read_picture(sample)[0].max()) for sample in samples] == [0, 8]


def test_chess_whose_mask_is_what_changed_is_read_as_it_is_rendered(tmp_path: Path) -> None:
    """The mask of the example, S3's: the pixels that differ by over half of the contrast from the board without the
    deformation, and no disc."""
    example = read_manifest(Path(manifests.__file__).parent / "examples" / "chess.yaml")
    assert example.pattern is not None
    sound = dataclasses.replace(example, pattern=dataclasses.replace(example.pattern, count=0.0))
    for name, manifest in (("chess", example), ("sound", sound)):
        (tmp_path / f"{name}.yaml").write_text(write_yaml(manifest))
        runs.render(tmp_path / f"{name}.yaml", tmp_path / name, runs.Options(frames=(4, 5), device="cpu"))
    (sample,), (other,) = (Rendered(str(tmp_path / name)).samples() for name in ("chess", "sound"))
    mask = read_mask(sample, {example.pattern.label: 1}, 256, 256)
    shown, board = (read_picture(each)[0][..., 0].astype(int) for each in (sample, other))
    assert mask.any() and not sample.good and other.good
    assert np.array_equal(mask > 0, abs(shown - board) > (board.max() - board.min()) / 2)


def test_mvtec(tmp_path: Path) -> None:
    samples = MVTec(str(pictures.mvtec(tmp_path))).samples()
    assert [(s.side, s.good, set(s.classes.values())) for s in samples[-2:]] == [("test", False, {"spot"})] * 2
    assert sum(s.side == "train" and s.good for s in samples) == 4
    assert (mask_of(samples[-1], {"spot": 3}) == 3).sum() == 64
    assert not mask_of(samples[0], {"spot": 3}).any()


@pytest.mark.parametrize("value", [1, 255])
def test_masks_of_0_and_1_and_of_0_and_255_are_the_same(tmp_path: Path, value: int) -> None:
    samples = Folder(str(pictures.folder(tmp_path, value=value)), group_pattern="(block[0-9]+)").samples()
    assert [sample.group for sample in samples] == ["block0", "block0", "block1", "block1", "block2", "block2"]
    assert [int(mask_of(sample, {"defect": 1}).sum()) for sample in samples] == [0, 64] * 3


def test_labelme(tmp_path: Path) -> None:
    a, b = LabelMe(str(pictures.labelme(tmp_path))).samples()
    assert b.good and not a.good and a.shows == {"dent", "scratch"}
    mask = mask_of(a, {"dent": 1, "scratch": 2})
    assert (mask[10:16, 10:20] == 1).all() and (mask[5:40, 30:34] == 2).all()
    # A circle of radius 4 within the quantisation of a pixel.
    assert abs(int((mask[30:, :20] == 1).sum()) - np.pi * 16) < 16
    assert mask[0, 0] == 0 and mask_of(b, {"dent": 1, "scratch": 2}).sum() == 0


def test_16_bits_are_cut_to_8(tmp_path: Path) -> None:
    path = pictures.write(tmp_path / "a.png", np.full((4, 5), 0xAB12, np.uint16))
    image, alpha = read_image(path)
    assert image.shape == (4, 5, 1) and (image == 0xAB).all() and alpha is None


def _no_mask(root: Path) -> Any:
    (root / "masks" / "block0_1.png").unlink()


def _other_size(root: Path) -> Any:
    pictures.write(root / "masks" / "block0_1.png", np.zeros((40, 48), np.uint8))


def _unknown_label(root: Path) -> Any:
    pictures.write(root / "masks" / "block0_1.png", np.full((48, 48), 7, np.uint8))


def _both_1_and_255(root: Path) -> Any:
    mask = np.zeros((48, 48), np.uint8)
    mask[0, :2] = (1, 255)
    pictures.write(root / "masks" / "block0_1.png", mask)


def _coloured(root: Path) -> Any:
    pictures.write(root / "masks" / "block0_1.png", np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3))


def _torn(root: Path) -> Any:
    (root / "masks" / "block0_1.png").write_bytes(b"\x89PNG")


def _empty(root: Path) -> Any:
    for image in (root / "images").iterdir():
        image.unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_no_mask, "image 'block0_1' has no mask in .*masks"),
        (_other_size, "block0_1.png: is 48 x 40 px, but its picture block0_1.png is 48 x 48 px"),
        (_unknown_label, r"has label 7; known are 0, 1 \(or 255\)"),
        (_both_1_and_255, "has label 255; known are 0, 1"),
        (_coloured, "is a colour picture"),
        (_torn, "is no picture, or a damaged one"),
        (_empty, "there are no images in"),
    ],
)
def test_wrong_folders_are_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    root = pictures.folder(tmp_path)
    spoil(root)
    with pytest.raises(DataSetError, match=message):
        _ = [mask_of(sample, {"defect": 1}) for sample in Folder(str(root)).samples()]


def test_mvtec_without_a_mask_is_one_line(tmp_path: Path) -> None:
    root = pictures.mvtec(tmp_path)
    (root / "ground_truth" / "spot" / "001_mask.png").unlink()
    with pytest.raises(DataSetError, match=r"001\.png: has no mask; .*001_mask\.png is missing"):
        MVTec(str(root)).samples()


def test_mvtec_with_one_mask_for_two_images_is_one_line(tmp_path: Path) -> None:
    root = pictures.mvtec(tmp_path)
    pictures.write(root / "val" / "spot" / "001.png", pictures.surface())
    with pytest.raises(DataSetError, match=r"test/spot/001\.png: has the mask .*001_mask\.png, as has .*val/spot"):
        MVTec(str(root)).samples()


def test_labelme_of_another_size_is_one_line(tmp_path: Path) -> None:
    root = pictures.labelme(tmp_path)
    pictures.write(root / "a.png", np.zeros((24, 24), np.uint8))
    with pytest.raises(DataSetError, match="was drawn on 48 x 48 px, but its picture is 24 x 24 px"):
        mask_of(LabelMe(str(root)).samples()[0], {"dent": 1}, 24)


def test_labelme_of_something_else_is_one_line(tmp_path: Path) -> None:
    root = pictures.labelme(tmp_path)
    (root / "b.json").write_text("[]")
    with pytest.raises(DataSetError, match=r"b\.json: is no LabelMe file"):
        LabelMe(str(root)).samples()


def test_folder_that_is_not_there_says_how_to_give_one() -> None:
    with pytest.raises(
        DataSetError, match="source 'real': there is no folder nowhere; give one with --data real=FOLDER"
    ):
        Folder("nowhere", name="real").samples()


def test_folder_of_something_else_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="is no data set that Defectory rendered"):
        Rendered(str(tmp_path)).samples()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"group_pattern": "block"}, "group_pattern: must have one pair of brackets around the object, has 0"),
        ({"group_pattern": "("}, "group_pattern: is no regular expression"),
        ({"train": 0.5}, "train: train, val and test sum to 0.8, not to 1"),
        ({"split": "counts", "train": 2.5}, "train, val and test must be whole numbers"),
        ({"weight": -1}, "weight: must be >= 0, got -1"),
        ({"picture": "relief_normal"}, "relief: goes with a picture 'relief_"),
        ({"relief": "out/relief"}, "relief: goes with a picture 'relief_"),
    ],
)
def test_wrong_fields_are_one_line(fields: dict[str, Any], message: str) -> None:
    kind = Rendered if {"picture", "relief"} & fields.keys() else Folder
    with pytest.raises(ManifestError, match=message):
        from_dict(kind, {"folder": "."} | fields)
