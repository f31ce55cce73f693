"""YOLO-seg: images/[SIDE/], labels/[SIDE/] with a line a defect, data.yaml.

A line is the class and one polygon, x and y as shares of width and height. Holes and further pieces of a defect are
joined to its polygon by seams, as Ultralytics' own converter does, so that a defect stays one object. An impurity has
no instances: each connected piece of it is a line of its own.
"""

from __future__ import annotations

import json

import numpy as np

from manifests.errors import DataSetError

from ..develop.regions import Region, pieces
from .frames import Frame
from .layouts import Layout, Placed, joined
from .target import Target


class Yolo(Layout):
    """Images, labels of the same names, and data.yaml."""

    NAME = "yolo"
    ABOUT = "YOLO-seg: images, labels with polygons, data.yaml"

    def check(self) -> None:
        if len(self.manifest.labels) == 1:
            raise DataSetError(f"{self.NAME}: the manifest has neither defects nor impurities: there is no class")
        if self.sides != [""]:
            self.need_sides("train", "val")

    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        target.link(frame.image, joined("images", side, f"{frame.name}.png"))
        lines = [self._line(frame.regions[defect["id"]], defect["label"]) for defect in frame.defects]
        lines += [self._line(piece, label) for label, mask in frame.impurities.items() for piece in pieces(mask)]
        target.text("".join(f"{line}\n" for line in lines), joined("labels", side, f"{frame.name}.txt"))
        return Placed()

    def finish(self, placed: dict[str, list[Placed]], target: Target) -> list[str]:
        folders = {side: f"images/{side}" for side in self.sides} if self.sides != [""] else {}
        remarks = []
        if not folders:
            folders = {"train": "images", "val": "images"}
            remarks = ["not split: data.yaml names all images for training and for validation; use --split"]
        # Names in quotes: a label such as 'no' or '1' would else be read as something other than text. Without 'path'
        # the folders are relative to data.yaml, wherever that is moved.
        lines = [f"{side}: {json.dumps(folder)}" for side, folder in folders.items()]
        lines += ["names:", *(f"  {v - 1}: {json.dumps(label)}" for label, v in self.manifest.labels.items() if v)]
        target.text("\n".join(lines) + "\n", "data.yaml")
        return remarks

    def _line(self, region: Region, label: str) -> str:
        height, width = region.shape
        shares = (region.polygon() / np.array([width, height])).ravel().tolist()
        return " ".join([str(self.manifest.labels[label] - 1), *(f"{share:.7f}" for share in shares)])
