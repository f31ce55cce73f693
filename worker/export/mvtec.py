"""MVTec AD: train/good, test/good, test/CLASS and ground_truth/CLASS, as its readers expect it.

Source: Bergmann et al., The MVTec Anomaly Detection Dataset, IJCV 129 (2021); validation/good is that of MVTec LOCO AD.
"""

from __future__ import annotations

from manifests.errors import DataSetError

from .frames import Frame
from .layouts import Layout, Placed
from .target import Target

COMBINED = "combined"
"""Folder of frames that show defects of several classes, as in MVTec AD itself."""


class MVTec(Layout):
    """train holds good frames only, and twins that are good; whatever shows a defect is tested on."""

    NAME = "mvtec"
    ABOUT = "MVTec AD: train/good, test/good, test/CLASS, ground_truth/CLASS"

    def check(self) -> None:
        self.need_sides("train", "test")
        self.file_labels({"good"})

    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        file = f"{frame.name}.png"
        if side != "test" or not frame.defects:
            return self.place_good(frame, side, target, f"{'validation' if side == 'val' else side}/good/{file}")
        labels = {defect["label"] for defect in frame.defects}
        label = labels.pop() if len(labels) == 1 else COMBINED
        target.link(frame.image, f"test/{label}/{file}")
        target.mask(frame.defective, f"ground_truth/{label}/{frame.name}_mask.png")
        return Placed()

    def finish(self, placed: dict[str, list[Placed]], target: Target) -> list[str]:
        if not any(one.rows for one in placed["train"]):
            raise DataSetError(f"{self.NAME}: no frame on side train is without defects: train/good would be empty")
        target.folder("test/good")
        target.folder("ground_truth")
        return []
