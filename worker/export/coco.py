"""COCO instances: images/[SIDE/], annotations/instances[_SIDE].json.

Segmentations are run lengths, which keep every pixel; polygons would not know holes. They stay uncompressed, so that
they can be written and read without pycocotools, which accepts both. An impurity has no instances: each connected
piece of it is an annotation of its own.
"""

from __future__ import annotations

import json
from typing import Any

from ..develop.regions import Region, pieces
from .frames import Frame
from .layouts import Layout, Placed, joined
from .target import Target


class Coco(Layout):
    """Images, and one JSON file a side with a category a label."""

    NAME = "coco"
    ABOUT = "COCO instances: images, annotations/instances.json with run lengths"

    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        file = f"{frame.name}.png"
        target.link(frame.image, joined("images", side, file))
        height, width = frame.classes.shape
        states = self.manifest.light_states
        image = {
            "id": frame.number,
            "file_name": file,
            "width": width,
            "height": height,
            "instance": frame.instance,
            "view": frame.view,
            "light_state": states[frame.light].name if states else "all",
            "repeat": frame.repeat,
        }
        annotations = [
            self._annotation(frame, frame.regions[defect["id"]], defect["label"], defect["id"], _sizes(defect))
            for defect in frame.defects
        ]
        annotations += [
            self._annotation(frame, piece, label, None, {})
            for label, mask in frame.impurities.items()
            for piece in pieces(mask)
        ]
        return Placed(rows=(image, annotations))

    def finish(self, placed: dict[str, list[Placed]], target: Target) -> list[str]:
        impurities = {impurity.label for impurity in self.manifest.impurities}
        categories = [
            {"id": value, "name": label, "supercategory": "impurity" if label in impurities else "defect"}
            for label, value in self.manifest.labels.items()
            if value
        ]
        for side, frames in placed.items():
            annotations = [annotation for one in frames for annotation in one.rows[1]]
            content = {
                "info": {"description": self.manifest.name, "manifest_sha256": self.manifest.sha256()},
                "licenses": [],
                "images": [one.rows[0] for one in frames],
                "annotations": [{"id": k, **annotation} for k, annotation in enumerate(annotations, 1)],
                "categories": categories,
            }
            text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            target.text(text + "\n", f"annotations/{'_'.join(filter(None, ['instances', side]))}.json")
        return []

    def _annotation(
        self, frame: Frame, region: Region, label: str, defect: int | None, sizes: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "image_id": frame.number,
            "category_id": self.manifest.labels[label],
            "segmentation": {"size": list(region.shape), "counts": region.rle()},
            "area": region.area,
            "bbox": list(region.bbox),
            "iscrowd": 0,
            "instance": frame.instance,
            "defect_id": defect,
            **sizes,
        }


def _sizes(defect: dict[str, Any]) -> dict[str, Any]:
    """What the record gives of a defect in mm."""
    return {name: value for name, value in defect.items() if name.endswith("_mm")}
