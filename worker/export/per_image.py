"""A folder per image with images/ and masks/, as S1 trained its U-Net on: [SIDE/]NAME/images/NAME.png, masks/*.png.

S1 takes every file in masks/ for part of one object mask, so impurities lie in a folder of their own, impurities/.
"""

from __future__ import annotations

from .frames import Frame
from .layouts import Layout, Placed, joined
from .target import Target


class PerImage(Layout):
    """One folder a frame; masks/ holds a mask for each defect, and none for a good frame."""

    NAME = "per-image"
    ABOUT = "a folder per image with images/ and masks/, one mask a defect"

    def check(self) -> None:
        self.file_labels(set())

    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        home = joined(side, frame.name)
        target.link(frame.image, f"{home}/images/{frame.name}.png")
        target.folder(f"{home}/masks")
        for defect in frame.defects:
            target.mask(
                frame.regions[defect["id"]].mask(), f"{home}/masks/{int(defect['id']):05d}_{defect['label']}.png"
            )
        for label, mask in frame.impurities.items():
            target.mask(mask, f"{home}/impurities/{label}.png")
        return Placed()
