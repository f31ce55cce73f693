"""The order in which training samples come: weighted passes, each reachable without those before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from manifests.errors import DataSetError
from manifests.sampling import generator

from .samples import Sample


class Passes:
    """Passes over the samples of several sources.

    In a pass each sample comes up ``weight`` times; where the weight is no whole number, a part of the samples, drawn
    anew for each pass, comes up once more.

    Args:
        samples: to train on.
        weights: of each source, by name.
        seed: of the run.

    Raises:
        DataSetError: the weights are so small that a pass has no sample.
    """

    def __init__(self, samples: Sequence[Sample], weights: Mapping[str, float], seed: int) -> None:
        self._seed = seed
        self._sources = [
            (name, weight, np.array([k for k, sample in enumerate(samples) if sample.source == name]))
            for name, weight in weights.items()
        ]
        self.length = sum(round(weight * len(members)) for _, weight, members in self._sources)
        if not self.length:
            raise DataSetError(f"the sources' weights leave no sample of {len(samples)} to train on; raise a 'weight'")
        self._pass, self._order = -1, np.zeros(0, np.int64)

    def sample(self, draw: int) -> int:
        """Index of the sample that a draw takes; draws are counted from the start of the run."""
        number, place = divmod(draw, self.length)
        if number != self._pass:
            self._pass, self._order = number, self._shuffled(number)
        return int(self._order[place])

    def _shuffled(self, number: int) -> npt.NDArray[np.int64]:
        parts = []
        for name, weight, members in self._sources:
            times, rest = divmod(round(weight * len(members)), len(members)) if len(members) else (0, 0)
            extra = generator(self._seed, f"pass:{name}", number).permutation(members)[:rest]
            parts += [np.repeat(members, times), extra]
        return generator(self._seed, "pass", number).permutation(np.concatenate(parts).astype(np.int64))
