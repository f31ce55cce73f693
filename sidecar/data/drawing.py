"""From samples to what a model is given: prepared pictures, and the squares that training draws from them."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from manifests.errors import DataSetError
from manifests.sampling import generator

from ..config import Data
from .augmentation import Augmentation, Floats
from .classes import Classes
from .crops import cut
from .mixing import Passes
from .preprocessing import FindPart, Prepared, exposure_stack
from .samples import Bytes, Sample, read_mask, read_picture

_CACHE_BYTES = 2**30


class Pictures:
    """Samples, read and prepared; the last ones stay in memory, up to a gigabyte.

    Args:
        data: of the config.
        classes: of the masks.
        unet: finds the part where the config asks for a U-Net.
        masks: whether masks are read at all; they are not where nothing is compared with them.
        room: bytes of pictures kept; 0 where each is looked at once.
    """

    def __init__(
        self,
        data: Data,
        classes: Classes,
        unet: FindPart | None = None,
        *,
        masks: bool = True,
        room: int = _CACHE_BYTES,
    ) -> None:
        self._data, self.classes, self._unet, self._masks = data, classes, unet, masks
        self._cache: OrderedDict[Sample, Prepared] = OrderedDict()
        self._room = room

    @property
    def seeks_defects(self) -> bool:
        """Whether defects are to be found, and not the part."""
        return self._data.target == "defects"

    def prepared(self, sample: Sample) -> Prepared:
        """The prepared picture of a sample, with its mask.

        Raises:
            DataSetError: picture or mask cannot be read, do not fit together, or hold what is unknown.
        """
        found = self._cache.pop(sample, None)
        if found is None:
            found = self._prepare(sample)
            self._room -= _size(found)
        self._cache[sample] = found
        while self._room < 0 and len(self._cache) > 1:
            self._room += _size(self._cache.popitem(last=False)[1])
        return found

    def _prepare(self, sample: Sample) -> Prepared:
        image, alpha = read_picture(sample)
        height, width = image.shape[:2]
        preprocessing = self._data.preprocessing
        part = preprocessing.part_of(image, alpha, self._unet)
        mask = self.truth(sample, alpha, height, width) if self._masks else np.zeros((height, width), np.uint8)
        return preprocessing.apply(image, part, mask, str(sample.image))

    def truth(self, sample: Sample, alpha: Bytes | None, height: int, width: int) -> Bytes:
        """What is to be found in a picture, at its own size: its classes, or 1 where the part is.

        Raises:
            DataSetError: as :func:`read_mask`; or the part is asked for, and a rendered picture has no alpha.
        """
        if self.seeks_defects:
            return read_mask(sample, self.classes.numbers, height, width)
        if alpha is not None:
            return (alpha >= 128).astype(np.uint8)
        if sample.instances is not None:
            # Its mask tells its defects and not the part.
            raise DataSetError(f"{sample.image}: has no alpha to tell the part by; render with 'output.flatten: false'")
        return read_mask(sample, dict.fromkeys(sample.classes.values(), 1), height, width)

    def input(self, prepared: Prepared) -> Tensor:
        """What a model is given of a prepared picture, (C, h, w) in 0..1."""
        image = prepared.image.astype(np.float32) / 255
        return _tensor(exposure_stack(image, self._data.preprocessing.exposures))


class Draws(Dataset[tuple[Tensor, Tensor]]):
    """The squares of training, counted from the start of the run.

    Each is a function of the seed and its number alone, so that a run goes on where it was stopped.
    """

    def __init__(self, pictures: Pictures, samples: Sequence[Sample], data: Data, size_px: int, seed: int) -> None:
        self._pictures, self._samples, self._data = pictures, samples, data
        self._size, self._seed, self._sought = size_px, seed, pictures.classes.sought

    @cached_property
    def passes(self) -> Passes:
        """Order in which the samples come; of those to validate on, which have no order, it is never asked for."""
        return Passes(self._samples, {source.name: source.weight for source in self._data.sources}, self._seed)

    def __len__(self) -> int:
        return sys.maxsize

    def sample(self, draw: int) -> Sample:
        """Which sample a draw is cut from."""
        return self._samples[self.passes.sample(draw)]

    def fixed(self, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of squares to validate on, the same each time: one of each sample, not augmented."""
        for start in range(0, len(self._samples), batch):
            squares = [self._square(k) for k in range(start, min(start + batch, len(self._samples)))]
            images, targets = zip(*squares)
            yield torch.stack(images), torch.stack(targets)

    def _square(self, number: int) -> tuple[Tensor, Tensor]:
        random = generator(self._seed, "validation", number)
        prepared = self._pictures.prepared(self._samples[number])
        image, mask, _ = Augmentation().apply(prepared.image, prepared.mask, prepared.part, random)
        return self._cut(image, mask, random)

    def __getitem__(self, draw: int) -> tuple[Tensor, Tensor]:
        """Picture (C, size, size) in 0..1 and target (1, size, size), 1 where the defect or the part is."""
        prepared = self._pictures.prepared(self.sample(draw))
        random = generator(self._seed, "draw", draw)
        image, mask, _ = self._data.augmentation.apply(prepared.image, prepared.mask, prepared.part, random)
        return self._cut(image, mask, random)

    def whole(self, draw: int) -> tuple[Tensor, Tensor]:
        """Picture (C, h, w) in 0..1 of a draw, changed at random but not cut, and its part (h, w), above 0 on it."""
        prepared = self._pictures.prepared(self.sample(draw))
        random = generator(self._seed, "draw", draw)
        image, _, part = self._data.augmentation.apply(prepared.image, prepared.mask, prepared.part, random)
        stacked = exposure_stack(image, self._data.preprocessing.exposures)
        return _tensor(stacked), torch.from_numpy(np.ascontiguousarray(part))

    def _cut(self, image: Floats, mask: Bytes, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        place = self._data.crop.place(image, self._size, random)
        square = exposure_stack(cut(image, place, self._size), self._data.preprocessing.exposures)
        target = np.isin(cut(mask, place, self._size), self._sought).astype(np.float32)
        return _tensor(square), torch.from_numpy(target)[None]


def _tensor(image: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def _size(prepared: Prepared) -> int:
    return prepared.image.nbytes + prepared.mask.nbytes + prepared.part.nbytes
