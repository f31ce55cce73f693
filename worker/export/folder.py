"""anomalib's Folder: one folder each of normal and abnormal images, and of masks named as the abnormal images are.

Without a split anomalib itself takes normal images out for its tests, frame by frame, and so tears instances apart; a
split gives it normal_test instead.
"""

from __future__ import annotations

from manifests.errors import DataSetError

from .frames import Frame
from .layouts import Layout, Placed
from .target import Target

_NORMAL = {"": "normal", "train": "normal", "val": "normal_val", "test": "normal_test"}


class Folder(Layout):
    """normal (normal_dir), abnormal (abnormal_dir), mask (mask_dir), and normal_test (normal_test_dir) when split."""

    NAME = "folder"
    ABOUT = "anomalib Folder: normal, abnormal, mask; when split, normal_test"

    def check(self) -> None:
        if self.sides != [""]:
            self.need_sides("train", "test")

    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        file = f"{frame.name}.png"
        if side not in ("", "test") or not frame.defects:
            return self.place_good(frame, side, target, f"{_NORMAL[side]}/{file}")
        target.link(frame.image, f"abnormal/{file}")
        target.mask(frame.defective, f"mask/{file}")
        return Placed()

    def finish(self, placed: dict[str, list[Placed]], target: Target) -> list[str]:
        split = self.sides != [""]
        if not any(one.rows for one in placed["train" if split else ""]):
            raise DataSetError(f"{self.NAME}: no frame to train on is without defects: normal would be empty")
        for name in ("abnormal", "mask"):
            target.folder(name)
        if split:
            target.folder("normal_test")
            return []
        return ["not split: anomalib will divide the normal frames by itself, and tear instances apart; use --split"]
