"""What every layout of an export has to say: where a frame goes, and what is written when all have gone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from manifests.errors import DataSetError
from manifests.schema import Manifest

from .frames import Frame
from .target import Target


@dataclass(frozen=True)
class Placed:
    """What became of a frame.

    Attributes:
        left_out: why it was left out; empty where it was not.
        twin: whether its twin, which shows none of its defects, was exported in its place.
        rows: what the layout wants to remember of it until the end.
    """

    left_out: str = ""
    twin: bool = False
    rows: tuple[Any, ...] = ()


class Layout(ABC):
    """A way to lay out a data set.

    Args:
        manifest: of the data set.
        sides: of the split; one without a name where it is not split.
    """

    NAME: ClassVar[str]
    ABOUT: ClassVar[str]

    def __init__(self, manifest: Manifest, sides: list[str]) -> None:
        self.manifest = manifest
        self.sides = sides
        self.check()

    def check(self) -> None:
        """Refuse, with a DataSetError, sides or labels that the layout has no place for."""
        return

    @abstractmethod
    def place(self, frame: Frame, side: str, target: Target) -> Placed:
        """Write what belongs to one frame; called from several threads."""

    def finish(self, placed: dict[str, list[Placed]], target: Target) -> list[str]:
        """Write what belongs to all frames, ``placed`` by side in their order; returns remarks for the summary."""
        return []

    def place_good(self, frame: Frame, side: str, target: Target, path: str) -> Placed:
        """Write the image of a frame, or of its twin, to where no defect may be shown."""
        if not frame.defects:
            target.link(frame.image, path)
        elif frame.twin is not None:
            target.link(frame.twin, path)
        else:
            return Placed(f"defective frames on side {side}, which holds good ones only")
        return Placed(twin=bool(frame.defects), rows=("good",))

    def need_sides(self, first: str, second: str) -> None:
        """Refuse a split that lacks one of two sides, or has other ones than train, val and test."""
        if not {first, second} <= set(self.sides) <= {"train", "val", "test"}:
            third = ({"train", "val", "test"} - {first, second}).pop()
            example = f"--split {first}=0.7,{second}=0.3"
            raise DataSetError(f"{self.NAME}: needs sides {first} and {second}, and may have {third}: {example}")

    def file_labels(self, taken: set[str]) -> None:
        """Refuse labels that cannot be names of files or folders beside the taken ones."""
        for label in self.manifest.labels:
            if label in taken or label.startswith(".") or any(sign in label for sign in "/\\\0") or len(label) > 80:
                raise DataSetError(f"{self.NAME}: label '{label}' cannot be the name of a folder of its own")


def joined(*names: str) -> str:
    """A path of the names that are not empty."""
    return "/".join(name for name in names if name)
