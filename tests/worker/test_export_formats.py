"""Each layout read back as its tools read it: counts, classes and areas are those of the masks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pycocotools.coco import COCO

from manifests.layout import IMAGE, INSTANCES, TWIN, DataSet
from worker.export import export_data_set, parse_split

from .exported import DEFECTS, HEIGHT, WIDTH, export_manifest, exported_data_set, shape

SPLIT = parse_split("train=3,val=1,test=2")
SIDES = SPLIT.divide(export_manifest())
Mask = NDArray[np.bool_]


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return exported_data_set(tmp_path_factory.mktemp("data") / "set", export_manifest())


def ids(data_set: DataSet, frame: int) -> NDArray[np.uint16]:
    return np.asarray(Image.open(data_set.pair_folder(frame) / INSTANCES)).astype(np.uint16)


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def frames_of(side: str) -> list[int]:
    return [2 * instance + view for instance in SIDES[side] for view in (0, 1)]


def test_coco_as_pycocotools_reads_it(data_set: DataSet, tmp_path: Path) -> None:
    export_data_set(data_set.root, "coco", tmp_path / "out")
    coco = COCO(str(tmp_path / "out/annotations/instances.json"))
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    assert names == {1: "dent", 2: "bump", 3: "dust"}
    assert sorted(coco.getImgIds()) == list(range(12))
    seen = 0
    for frame in range(12):
        image = coco.loadImgs(frame)[0]
        with Image.open(tmp_path / "out/images" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"]) == (WIDTH, HEIGHT)
        assert (image["instance"], image["view"]) == divmod(frame, 2)
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=frame))
        defects = [a for a in annotations if names[a["category_id"]] != "dust"]
        drawn = ids(data_set, frame)
        assert Counter(a["defect_id"] for a in defects) == Counter(np.unique(drawn[drawn > 0]).tolist())
        for annotation in annotations:
            mask = coco.annToMask(annotation).astype(bool)
            assert annotation["area"] == mask.sum()
            assert annotation["iscrowd"] == 0
            rows, columns = np.nonzero(mask)
            left, top, width, height = annotation["bbox"]
            assert (left, top) == (columns.min(), rows.min())
            assert (left + width - 1, top + height - 1) == (columns.max(), rows.max())
        for annotation in defects:
            seen += 1
            assert (coco.annToMask(annotation) == (drawn == annotation["defect_id"])).all()
            assert annotation["instance"] == frame // 2
            assert annotation["diameter_mm"] == 1.5
            assert "elongation" not in annotation
            assert names[annotation["category_id"]] == dict(DEFECTS[frame // 2])[annotation["defect_id"]]
        dust = [a for a in annotations if names[a["category_id"]] == "dust"]
        assert sorted(a["area"] for a in dust) == ([1, 12] if frame // 2 % 2 else [])
        assert all(a["defect_id"] is None for a in dust)
    assert seen == 7, "defect 2 is hidden from the second view"


def test_coco_has_a_file_a_side(data_set: DataSet, tmp_path: Path) -> None:
    export_data_set(data_set.root, "coco", tmp_path / "out", SPLIT)
    assert json.loads((tmp_path / "out/split.json").read_text())["instances"] == SIDES
    for side in SIDES:
        coco = COCO(str(tmp_path / f"out/annotations/instances_{side}.json"))
        assert sorted(coco.getImgIds()) == frames_of(side)
        assert len(coco.getCatIds()) == 3
        files = sorted(path.name for path in (tmp_path / "out/images" / side).iterdir())
        assert files == sorted(image["file_name"] for image in coco.loadImgs(coco.getImgIds()))


def filled(words: list[str]) -> Mask:
    """A polygon as Ultralytics fills it: cut down to whole pixels, outline included."""
    points = np.array(words, dtype=np.float32).reshape(-1, 2) * np.array([WIDTH, HEIGHT], dtype=np.float32)
    canvas = Image.new("1", (WIDTH, HEIGHT))
    ImageDraw.Draw(canvas).polygon([tuple(p) for p in points.astype(np.int32).tolist()], fill=1, outline=1)
    return np.asarray(canvas)


def iou(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_yolo_polygons_fill_the_masks(data_set: DataSet, tmp_path: Path) -> None:
    export_data_set(data_set.root, "yolo", tmp_path / "out", SPLIT)
    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert data["names"] == {0: "dent", 1: "bump", 2: "dust"}
    lines = 0
    for side in SIDES:
        images = tmp_path / "out" / data[side]
        assert sorted(int(path.stem) for path in images.iterdir()) == frames_of(side)
        for frame in frames_of(side):
            labels = (tmp_path / f"out/labels/{side}/{frame:07d}.txt").read_text().splitlines()
            words = [line.split() for line in labels]
            assert all(0 < float(share) < 1 for one in words for share in one[1:])
            defects = [one for one in words if data["names"][int(one[0])] != "dust"]
            assert len(words) - len(defects) == (2 if frame // 2 % 2 else 0)
            shown = [(n, label) for n, label in DEFECTS.get(frame // 2, []) if shape(n, frame % 2).any()]
            assert [data["names"][int(one[0])] for one in defects] == [label for _, label in shown]
            for (number, _), one in zip(shown, defects):
                lines += 1
                mask = shape(number, frame % 2) & (ids(data_set, frame) == number)
                # One piece, holes or not: to the pixel. Seams between pieces are drawn.
                least = 0.9 if number == 2 or (number == 3 and frame % 2) else 1.0
                assert iou(filled(one[1:]), mask) >= least
    assert lines == 7


def test_yolo_without_a_split(data_set: DataSet, tmp_path: Path) -> None:
    done = export_data_set(data_set.root, "yolo", tmp_path / "out")
    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert data["train"] == data["val"] == "images"
    assert len(list((tmp_path / "out/images").iterdir())) == len(list((tmp_path / "out/labels").iterdir())) == 12
    assert "use --split" in done.text()


def test_mvtec_by_its_rules(data_set: DataSet, tmp_path: Path) -> None:
    done = export_data_set(data_set.root, "mvtec", tmp_path / "out", SPLIT)
    # anomalib's rule: all pictures by their last three parts; masks and abnormal test images pair up in sorted order.
    samples = sorted(path.relative_to(tmp_path / "out").parts for path in (tmp_path / "out").rglob("*.png"))
    masks = [one for one in samples if one[0] == "ground_truth"]
    abnormal = [one for one in samples if one[0] == "test" and one[1] != "good"]
    assert [(one[1], Path(one[2]).stem + "_mask.png") for one in abnormal] == [one[1:] for one in masks]
    for image, mask in zip(abnormal, masks):
        frame = int(Path(image[2]).stem)
        pixels = read(tmp_path / "out" / Path(*mask))
        assert ((pixels == 255) == (ids(data_set, frame) > 0)).all()
        assert set(np.unique(pixels)) <= {0, 255}
        labels = {label for n, label in DEFECTS[frame // 2] if shape(n, frame % 2).any()}
        assert {image[1]} == (labels if len(labels) == 1 else {"combined"})
    good = {side: [f for f in frames_of(side) if not ids(data_set, f).any()] for side in SIDES}
    for side, folder in (("train", "train"), ("val", "validation"), ("test", "test")):
        assert [int(Path(one[2]).stem) for one in samples if one[:2] == (folder, "good")] == good[side]
    assert [int(Path(one[2]).stem) for one in sorted(abnormal, key=lambda one: one[2])] == [
        frame for frame in frames_of("test") if frame not in good["test"]
    ]
    assert {one[0] for one in samples if one[1] != "good"} == {"test", "ground_truth"}
    assert sum(side.left_out.total() for side in done.sides) == sum(
        len(frames_of(side)) - len(good[side]) for side in ("train", "val")
    )


@pytest.mark.parametrize("split", [None, SPLIT])
def test_folder_by_its_rules(data_set: DataSet, tmp_path: Path, split: object) -> None:
    export_data_set(data_set.root, "folder", tmp_path / "out", SPLIT if split else None)
    abnormal = sorted((tmp_path / "out/abnormal").iterdir())
    masks = sorted((tmp_path / "out/mask").iterdir())
    assert [path.name for path in abnormal] == [path.name for path in masks]
    tested = frames_of("test") if split else range(12)
    assert [int(path.stem) for path in abnormal] == [frame for frame in tested if ids(data_set, frame).any()]
    for path in masks:
        assert (read(path) == 255).sum() == (ids(data_set, int(path.stem)) > 0).sum()
    trained = frames_of("train") if split else range(12)
    normal = sorted(int(path.stem) for path in (tmp_path / "out/normal").iterdir())
    assert normal == [frame for frame in trained if not ids(data_set, frame).any()]
    if split:
        normal = sorted(int(path.stem) for path in (tmp_path / "out/normal_test").iterdir())
        assert normal == [frame for frame in frames_of("test") if not ids(data_set, frame).any()]


@pytest.mark.parametrize(("layout", "place"), [("mvtec", "train/good"), ("folder", "normal")])
def test_twins_without_the_defects_are_good_images_to_train_on(tmp_path: Path, layout: str, place: str) -> None:
    for labels, lacking in ((["defects"], {"dent", "bump"}), (["bump"], {"bump"})):
        manifest = export_manifest(twin={"without": labels})
        made = exported_data_set(tmp_path / labels[0] / "set", manifest)
        done = export_data_set(made.root, layout, tmp_path / labels[0] / "out", SPLIT)
        shown = {f"{f:07d}": {d["label"] for d in made.record(f)["defects"] if d["pixels"]} for f in frames_of("train")}
        wanted = {name for name, seen in shown.items() if seen <= lacking}
        images = list((tmp_path / labels[0] / "out" / place).iterdir())
        assert {image.stem for image in images} == wanted
        for image in images:
            name = TWIN if shown[image.stem] else IMAGE
            assert image.samefile(made.pair_folder(int(image.stem)) / name)
        (train,) = (side for side in done.sides if side.name == "train")
        assert train.twins == sum(bool(shown[name]) for name in wanted)
        assert (train.good, train.defective, train.left_out.total()) == (len(wanted), 0, len(shown) - len(wanted))


def test_per_image_folders_as_s1_read_them(data_set: DataSet, tmp_path: Path) -> None:
    export_data_set(data_set.root, "per-image", tmp_path / "out")
    folders = sorted((tmp_path / "out").iterdir())
    assert [folder.name for folder in folders] == [f"{frame:07d}" for frame in range(12)]
    for frame, folder in enumerate(folders):
        assert (folder / "images" / f"{folder.name}.png").is_file()
        masks = sorted((folder / "masks").iterdir())
        whole = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        for path in masks:
            number, label = path.stem.split("_")
            assert (int(number), label) in DEFECTS[frame // 2]
            assert ((read(path) == 255) == (ids(data_set, frame) == int(number))).all()
            whole = np.maximum(whole, read(path))
        assert ((whole == 255) == (ids(data_set, frame) > 0)).all()
        assert (folder / "impurities/dust.png").exists() == (frame // 2 % 2 == 1)
