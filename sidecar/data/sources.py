"""Sources: folders of pictures, each in its layout, to samples. What the folder says is taken, nothing is guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

from manifests.errors import DataSetError, ManifestError
from manifests.fields import field, join
from manifests.files import read_manifest
from manifests.layout import PASSES, DataSet

from .samples import IMAGE_SUFFIXES, Sample, read_labelme

_SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class _Source:
    folder: str = field("Folder, relative to where the command is called.")
    name: str = field("Name, for the record and for --data NAME=FOLDER.", "data")
    weight: float = field(
        "How often each of its training samples comes up in a pass (S0 repeats real ones 10 times); 0: none does.",
        1.0,
        low=0.0,
    )
    split: Literal["shares", "counts", "one_class", "given", "train", "val", "test"] = field(
        "How its groups get their sides: by shares or counts of groups; one_class: good groups by shares, of the "
        "others none to train on; as the folder says; or all to one side.",
        "shares",
    )
    train: float = field("Share or number of groups to train on.", 0.7, low=0.0)
    val: float = field(
        "Share or number of groups to validate on; with 'given': share of the training groups.", 0.15, low=0.0
    )
    test: float = field("Share or number of groups to test on.", 0.15, low=0.0)

    def check(self, path: str) -> None:
        sizes = (self.train, self.val, self.test)
        if self.split in ("shares", "one_class") and abs(sum(sizes) - 1) > 1e-6:
            raise ManifestError(join(path, "train"), f"train, val and test sum to {sum(sizes):g}, not to 1")
        if self.split == "counts" and any(size != int(size) for size in sizes):
            raise ManifestError(join(path, "train"), "train, val and test must be whole numbers of groups")
        if self.split == "given" and self.val >= 1:
            raise ManifestError(join(path, "val"), "must be < 1: a share of the training groups")

    @property
    def root(self) -> Path:
        return Path(self.folder).expanduser()

    @property
    def place(self) -> Path:
        """Where its images lie: sources that agree in it and in a group's name show the same instance or object."""
        return self.root.resolve()

    def _folder(self) -> Path:
        if not self.root.is_dir():
            raise DataSetError(
                f"source '{self.name}': there is no folder {self.root}; give one with --data {self.name}=FOLDER"
            )
        return self.root

    def _some(self, samples: Iterable[Sample]) -> list[Sample]:
        found = list(samples)
        if not found:
            raise DataSetError(f"source '{self.name}': there are no images in {self.root}")
        return found


@dataclass(frozen=True)
class Rendered(_Source):
    """A data set that Defectory rendered; its groups are instances of the part."""

    KIND: ClassVar[str] = "defectory"
    good_only: bool = field("Take only frames on which no defect shows.", False)
    light_states: tuple[str, ...] = field("Take only frames of these light states; none: all (S4).", ())
    picture: Literal[
        "image",
        "albedo",
        "normal",
        "normal_camera",
        "relief_normal",
        "relief_gradient",
        "relief_curvature",
    ] = field(
        "What a model sees: the image; a pass that 'output.passes' names; or what 'defectory relief' made of the light "
        "states, one picture for all of a view (S3).",
        "image",
    )
    relief: str | None = field("Folder that 'defectory relief' made of the data set; for pictures 'relief_'.", None)

    def check(self, path: str) -> None:
        super().check(path)
        if self.picture.startswith("relief_") != (self.relief is not None):
            raise ManifestError(join(path, "relief"), "goes with a picture 'relief_...', and such a picture with it")

    def samples(self) -> list[Sample]:
        """Its complete pairs, ascending by frame.

        Raises:
            DataSetError: there is no such folder, or it has no pairs.
        """
        return self._some(self._pairs())

    def _pairs(self) -> Iterable[Sample]:
        data_set = DataSet(self._folder())
        if not data_set.manifest_file.exists():
            raise DataSetError(f"source '{self.name}': {self.root} is no data set that Defectory rendered")
        manifest = read_manifest(data_set.manifest_file)
        acceptable = frozenset(impurity.label for impurity in manifest.impurities)
        records = list(_records(data_set))
        there = {record["light_state"] for record in records} if self.light_states else set()
        if unknown := sorted({*self.light_states} - there):
            known = ", ".join(sorted(there))
            named = f"light states {', '.join(unknown)}; there are {known}"
            raise DataSetError(f"source '{self.name}': {self.root} has no frames of the {named}")
        for record in records:
            shown = frozenset(d.get("label", d["kind"]) for d in record["defects"] if d["pixels"])
            if shown and self.good_only:
                continue
            if self.light_states and record["light_state"] not in self.light_states:
                continue
            image, layer = self._picture(data_set, record)
            if image is None:
                continue
            yield Sample(
                source=self.name,
                name=f"{record['frame']:07d}",
                image=image,
                layer=layer,
                group=f"{record['instance']:05d}",
                mask=data_set.root / record["mask"],
                good=not shown,
                classes={number: name for name, number in record["labels"].items() if number},
                shows=shown,
                acceptable=acceptable,
                instances=data_set.root / record["instance_mask"],
                defects={defect["id"]: defect for defect in record["defects"] if defect["pixels"]},
                view=str(record["view"]),
            )

    def _picture(self, data_set: DataSet, record: Mapping[str, Any]) -> tuple[Path | None, str]:
        """File and pass of a frame's picture; no file where another frame's relief stands for it."""
        if self.picture == "image":
            return data_set.root / record["image"], ""
        if self.relief is None:
            return data_set.pair_folder(record["frame"]) / PASSES, self.picture
        made = Path(self.relief).expanduser() / f"{record['frame']:07d}"
        return (made / f"{self.picture.removeprefix('relief_')}.png" if made.is_dir() else None), ""


def _records(data_set: DataSet) -> Iterable[dict[str, Any]]:
    frames = data_set.complete_frames()
    lines = data_set.index_file.read_text("utf-8").splitlines() if data_set.index_file.exists() else []
    if len(lines) == len(frames):
        yield from map(json.loads, lines)
    else:  # The index is written at the end of a run; the pairs are the truth.
        yield from map(data_set.record, frames)


@dataclass(frozen=True)
class MVTec(_Source):
    """The layout of MVTec AD: train/good, test/CLASS, ground_truth/CLASS/NAME_mask.png."""

    KIND: ClassVar[str] = "mvtec"

    def samples(self) -> list[Sample]:
        """Its images, by side, class and name.

        Raises:
            DataSetError: there is no such folder, it has no images, or a defective image has no mask of its own.
        """
        return self._some(self._images())

    def _images(self) -> Iterable[Sample]:
        root = self._folder()
        masked: dict[Path, Path] = {}
        for side in _SIDES:
            for image in _pictures(root / side):
                kind = image.relative_to(root / side).parts[0]
                good = kind == "good"
                mask = root / "ground_truth" / kind / f"{image.stem}_mask.png"
                if not good and not mask.exists():
                    raise DataSetError(f"{image}: has no mask; {mask} is missing")
                # The layout's masks do not know of sides.
                if not good and masked.setdefault(mask, image) != image:
                    raise DataSetError(f"{image}: has the mask {mask}, as has {masked[mask]}; name one of them anew")
                name = image.relative_to(root).with_suffix("").as_posix()
                classes = {} if good else {1: kind}
                shows = frozenset(classes.values())
                yield Sample(self.name, name, image, name, None if good else mask, good, classes, shows, side=side)


@dataclass(frozen=True)
class Folder(_Source):
    """A folder of images and one of masks, whose files have the same names."""

    KIND: ClassVar[str] = "folder"
    images: str = field("Folder of the images, in the source's folder.", "images")
    masks: str | None = field("Folder of the masks, in the source's folder; nothing: there are none.", "masks")
    good: bool = field("Every image is of a good part, and needs no mask.", False)
    classes: tuple[str, ...] = field("Name of mask value 1, 2, ...; with one class, 255 stands for 1.", ("defect",))
    group_pattern: str | None = field(
        "Regular expression whose first group, found in an image's path, is its object; nothing: each image is one.",
        None,
    )

    def check(self, path: str) -> None:
        super().check(path)
        _check_pattern(self.group_pattern, join(path, "group_pattern"))

    @property
    def place(self) -> Path:
        """As for every source."""
        return (self.root / self.images).resolve()

    def samples(self) -> list[Sample]:
        """Its images, by name.

        Raises:
            DataSetError: there is no such folder, it has no images, an image has no mask, or no object.
        """
        return self._some(self._images())

    def _images(self) -> Iterable[Sample]:
        folder = self._folder() / self.images
        classes = dict(enumerate(self.classes, 1))
        for image in _pictures(folder):
            name = image.relative_to(folder).with_suffix("").as_posix()
            mask = None if self.good or self.masks is None else self._mask(name)
            group = _group(self.group_pattern, name, image)
            shows = None if mask else frozenset[str]()
            yield Sample(self.name, name, image, group, mask, self.good, classes, shows, side=_side(name))

    def _mask(self, name: str) -> Path:
        assert self.masks is not None
        for suffix in IMAGE_SUFFIXES:
            mask = self.root / self.masks / f"{name}{suffix}"
            if mask.exists():
                return mask
        raise DataSetError(f"source '{self.name}': image '{name}' has no mask in {self.root / self.masks}")


@dataclass(frozen=True)
class LabelMe(_Source):
    """A folder of images, each with the JSON file that LabelMe wrote; an image without one is good."""

    KIND: ClassVar[str] = "labelme"
    group_pattern: str | None = field(
        "Regular expression whose first group, found in an image's path, is its object; nothing: each image is one.",
        None,
    )

    def check(self, path: str) -> None:
        super().check(path)
        _check_pattern(self.group_pattern, join(path, "group_pattern"))

    def samples(self) -> list[Sample]:
        """Its images, by name.

        Raises:
            DataSetError: there is no such folder, it has no images, or a file that LabelMe did not write.
        """
        return self._some(self._images())

    def _images(self) -> Iterable[Sample]:
        root = self._folder()
        for image in _pictures(root):
            polygons = image.with_suffix(".json")
            labels: list[str] = []
            if polygons.exists():
                labels = sorted({str(shape.get("label")) for shape in read_labelme(polygons)["shapes"]})
            name = image.relative_to(root).with_suffix("").as_posix()
            group = _group(self.group_pattern, name, image)
            classes = {label: label for label in labels}
            shows = frozenset(labels)
            mask = polygons if labels else None
            yield Sample(self.name, name, image, group, mask, not labels, classes, shows, side=_side(name))


Source: TypeAlias = Rendered | MVTec | Folder | LabelMe


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())


def _side(name: str) -> str:
    first = name.split("/")[0]
    return first if first in _SIDES else ""


def _group(pattern: str | None, name: str, image: Path) -> str:
    if pattern is None:
        return name
    found = re.search(pattern, name)
    if found is None:
        raise DataSetError(f"{image}: group_pattern '{pattern}' finds no object in '{name}'")
    return found.group(1)


def _check_pattern(pattern: str | None, path: str) -> None:
    if pattern is None:
        return
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ManifestError(path, f"is no regular expression: {error}") from None
    if groups != 1:
        raise ManifestError(path, f"must have one pair of brackets around the object, has {groups}")
