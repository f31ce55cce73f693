"""What is counted of the pixels of a set of images, one image at a time, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from . import bins
from .bins import Counts, Floats

COVERAGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1.0)
"""Share of a defect's pixels that must be called for it to count as detected (S4, appendix C), and one at least."""
EIGHT_NEIGHBOURS = np.ones((3, 3))


class Tally:
    """Histograms of scores by what the pixels are.

    Args:
        labels: value in the class mask by class; background is 0 and needs no entry.
        acceptable: classes that are not to be found (impurities): their pixels are negatives, with a recall of their
            own.

    Attributes:
        background: (bins.COUNT,) pixels of no class.
        by_class: the same for each class.
        overlap, regions: as :func:`sidecar.scores.curves.aupro` takes them, of 8-connected regions of any defect.
        detections: for each class (len(COVERAGES), bins.COUNT): how many instances count as detected up to the bin.
        by_view: view to (2, bins.COARSE_COUNT): negatives and positives.
        images: number of images.
    """

    def __init__(self, labels: Mapping[str, int], acceptable: frozenset[str] = frozenset()) -> None:
        self.labels = {name: value for name, value in labels.items() if value}
        self.acceptable = acceptable
        self.images = 0
        self.background: Counts = np.zeros(bins.COUNT, np.int64)
        self.by_class: dict[str, Counts] = {name: np.zeros(bins.COUNT, np.int64) for name in self.labels}
        self.overlap: Floats = np.zeros(bins.COUNT)
        self.regions = 0
        self.detections: dict[str, Counts] = {}
        self.by_view: dict[str, Counts] = {}
        self._iou_sums: dict[str, Floats] = {}
        self._iou_images: dict[str, int] = {}

    @property
    def defects(self) -> list[str]:
        """Classes that are to be found."""
        return [name for name in self.labels if name not in self.acceptable]

    @property
    def positive(self) -> Counts:
        """(bins.COUNT,) pixels of any defect."""
        return self._together(self.defects)

    @property
    def negative(self) -> Counts:
        """(bins.COUNT,) pixels of background and of what is acceptable."""
        return self.background + self._together([name for name in self.labels if name in self.acceptable])

    def add(
        self,
        scores: NDArray[np.float32],
        classes: NDArray[np.uint8],
        instances: Counts | None = None,
        view: str = "",
    ) -> None:
        """Count an image.

        Args:
            scores: (height, width), >= 0.
            classes: (height, width) class mask.
            instances: (height, width) which defect, 0 for none; without, and for a class of which no pixel has one, as
                of impurities, the connected regions of a class are its instances.
            view: to which the image belongs, for thresholds per view.

        Raises:
            ValueError: a score is negative or no number, or a value of the mask is no label.
        """
        at = bins.of(scores)
        present = set(np.unique(classes).tolist()) - {0}
        if unknown := present - set(self.labels.values()):
            raise ValueError(f"the mask holds the value {min(unknown)}, which is the label of no class")
        self.images += 1
        background = _histogram(at[classes == 0])
        negative = _coarse(background)
        positive = np.zeros(bins.COARSE_COUNT, np.int64)
        self.background += background
        for name, value in self.labels.items():
            if value not in present:
                continue
            inside = classes == value
            counted = _histogram(at[inside])
            self.by_class[name] += counted
            self._add_iou(name, _coarse(counted), _coarse(background))
            self._add_instances(name, at, inside, instances)
            if name in self.acceptable:
                negative += _coarse(counted)
            else:
                positive += _coarse(counted)
        self._add_regions(at, classes, present)
        self.by_view.setdefault(view, np.zeros((2, bins.COARSE_COUNT), np.int64))
        self.by_view[view] += (negative, positive)

    def mean_iou(self, name: str) -> Floats | None:
        """(bins.COARSE_COUNT,) IoU at each coarse edge, the mean over the images that show the class (S0, figure 14).

        In each image, pixels of other classes are left out. None where no image shows it.
        """
        return self._iou_sums[name] / self._iou_images[name] if name in self._iou_images else None

    def _together(self, names: list[str]) -> Counts:
        return sum((self.by_class[name] for name in names), start=np.zeros(bins.COUNT, np.int64))

    def _add_iou(self, name: str, inside: Counts, background: Counts) -> None:
        hits = bins.at_least(inside)
        iou = hits / (inside.sum() + bins.at_least(background))
        self._iou_sums[name] = self._iou_sums.get(name, 0) + iou
        self._iou_images[name] = self._iou_images.get(name, 0) + 1

    def _add_instances(
        self, name: str, at: NDArray[np.int32], inside: NDArray[np.bool_], instances: Counts | None
    ) -> None:
        table = self.detections.setdefault(name, np.zeros((len(COVERAGES), bins.COUNT), np.uint32))
        ids = None if instances is None else np.where(inside, instances, 0)
        if ids is None or not ids.any():
            ids = ndimage.label(inside, EIGHT_NEIGHBOURS)[0]
        chosen = ids > 0
        order = np.lexsort((at[chosen], ids[chosen]))
        starts = np.flatnonzero(np.diff(ids[chosen][order], prepend=0))
        for pixels in np.split(at[chosen][order], starts[1:]) if starts.size else []:
            # Detected at a threshold as long as it lies no higher than the pixel that completes the coverage.
            needed = np.maximum(1, np.ceil(np.array(COVERAGES) * len(pixels) - 1e-9).astype(int))
            np.add.at(table, (np.arange(len(COVERAGES)), pixels[len(pixels) - needed]), 1)

    def _add_regions(self, at: NDArray[np.int32], classes: NDArray[np.uint8], present: set[int]) -> None:
        defective = present & {self.labels[name] for name in self.defects}
        if not defective:
            return
        regions, count = ndimage.label(np.isin(classes, list(defective)), EIGHT_NEIGHBOURS)
        inside = regions > 0
        share = 1.0 / np.bincount(regions[inside], minlength=count + 1)[regions[inside]]
        self.overlap += np.bincount(at[inside], share, minlength=bins.COUNT)
        self.regions += count


def _histogram(at: NDArray[np.int32]) -> Counts:
    return np.bincount(at.ravel(), minlength=bins.COUNT)


def _coarse(histogram: Counts) -> Counts:
    coarse: Counts = histogram.reshape(bins.COARSE_COUNT, -1).sum(axis=1)
    return coarse
