"""What both patterns have: a drawing, and the numbers of its anomalies, drawn as those of defects are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.distributions import Floats, most
from manifests.sampling import draw, generator
from manifests.schema import Manifest, Pattern

_NO_SIZES = ("label", "mask", "count")


@dataclass
class Drawing:
    """A picture in the making.

    Attributes:
        light: (height, width) linear light, not limited to 0 to 1.
        ids: (height, width), id of the anomaly that a pixel belongs to, 0 where there is none.
        anomalies: of each its id, kind, label, sizes and place.
        warnings: what could not be done, a sentence each.
    """

    light: Floats
    ids: NDArray[np.uint16]
    anomalies: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def opaque(self) -> NDArray[np.float32]:
        """(height, width, 4), the light in all colours, without any transparency."""
        return np.stack([self.light] * 3 + [np.ones_like(self.light)], axis=-1).astype(np.float32)

    def mark(self, where: NDArray[np.bool_], anomaly: dict[str, Any]) -> None:
        """Make pixels those of one more anomaly."""
        number = len(self.anomalies) + 1
        self.ids[where] = number
        self.anomalies.append({"id": number} | anomaly)


@dataclass(frozen=True)
class Anomaly:
    """One anomaly of an instance before it is drawn.

    Attributes:
        sizes: field of the manifest and value.
        random: generator of its own.
        record: what is known of it so far.
    """

    sizes: dict[str, float]
    random: np.random.Generator
    record: dict[str, Any]


def anomalies(manifest: Manifest, pattern: Pattern, instance: int) -> Iterator[Anomaly]:
    """The anomalies of an instance; none depends on how many there are."""
    count = round(float(draw(pattern.count, manifest.seed, "pattern.count", instance, instance + 1)[0]))
    names = [f.name for f in dataclasses.fields(pattern) if f.name not in _NO_SIZES and not f.metadata["info"].driven]
    for k in range(count):
        index = instance * most(pattern.count) + k
        sizes = {
            name: float(draw(getattr(pattern, name), manifest.seed, f"pattern.{name}", index, index + 1)[0])
            for name in names
        }
        random = generator(manifest.seed, "pattern.anomaly", index)
        yield Anomaly(sizes, random, {"kind": pattern.KIND, "label": pattern.label} | sizes)
