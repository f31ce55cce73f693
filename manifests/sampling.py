"""From (manifest, frame) to values, in any order: random access by seed, identifier and index.

The generator is Philox, keyed by a hash of the seed and the identifier; the index is its counter. So a value depends
on nothing but the manifest's seed, its own identifier and its own index, not on shards, order or other parameters.
Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .distributions import Floats, Grid, LowDiscrepancy, Number, Uniform
from .fields import locate
from .schema import Manifest, Parameter
from .viewpoints import Viewpoints

_CHUNK = 32_768
_WORDS = 4  # 64-bit words that Philox makes per step of its counter


def uniforms(seed: int, identifier: str, start: int, stop: int) -> Floats:
    """Uniform numbers in the open interval (0, 1) for the indices [start, stop).

    Returns:
        (stop - start,) float64; entry k is the same whatever range it is asked in.
    """
    first = start // _WORDS
    bits = np.random.Philox(key=_key(seed, identifier))
    bits.advance(first)
    raw = bits.random_raw(-(-stop // _WORDS) * _WORDS - first * _WORDS)
    raw = raw[start - first * _WORDS : stop - first * _WORDS]
    # 53 bits, centred in their interval: neither 0 nor 1 can occur, so every quantile function is finite.
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def draw(number: Number, seed: int, identifier: str, start: int, stop: int) -> Floats:
    """Values of a number or distribution for the indices [start, stop), (stop - start,) float64."""
    if stop - start > _CHUNK:
        # Values are drawn in pieces that stay in the processor's cache: more than twice as fast for a million.
        edges = [*range(start, stop, _CHUNK), stop]
        return np.concatenate([draw(number, seed, identifier, a, b) for a, b in pairwise(edges)])
    if isinstance(number, float):
        return np.full(stop - start, number)
    if isinstance(number, Grid):
        return number.values_at(np.arange(start, stop))
    if isinstance(number, LowDiscrepancy):
        return number.values_at(np.arange(start, stop), float(uniforms(seed, identifier, 0, 1)[0]))
    return number.values(uniforms(seed, identifier, start, stop))


def generator(seed: int, identifier: str, index: int) -> np.random.Generator:
    """A generator of its own for one (seed, identifier, index), where a number of draws is not known beforehand."""
    return np.random.Generator(np.random.Philox(key=_key(seed, f"{identifier}#{index}")))


def _key(seed: int, identifier: str) -> int:
    digest = hashlib.blake2b(f"{seed}:{identifier}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True)
class FrameIndex:
    """Where a frame stands: frame = ((instance * views + view) * lights + light) * repeats + repeat."""

    frame: int
    instance: int
    view: int
    light: int
    repeat: int


def locate_frame(manifest: Manifest, frame: int) -> FrameIndex:
    """Instance, view, light state and repeat of a frame."""
    rest, repeat = divmod(frame, manifest.repeats)
    rest, light = divmod(rest, manifest.light_count)
    instance, view = divmod(rest, manifest.view_count)
    return FrameIndex(frame, instance, view, light, repeat)


_BLOCK = 4096
_VIEW_COLUMNS = tuple(f"@view.{axis}" for axis in ("x_mm", "y_mm", "z_mm", "qw", "qx", "qy", "qz", "distance_mm"))


class Table:
    """The values of a manifest, by identifier and frame.

    Besides the manifest's parameters it holds columns of its own, whose names begin with ``@``: ``@seed``, the seed
    that Cycles takes (0 to 2^31 - 1); ``@texture``, the draw of the texture of an instance (0 to 1000); ``@view.x_mm``
    and so on, the pose of the view; ``@lit.NAME``, whether a light burns (1 or 0).

    Args:
        manifest: whose values.
        viewpoints: poses of its views; None for a pattern, which has no such columns.
    """

    def __init__(self, manifest: Manifest, viewpoints: Viewpoints | None) -> None:
        self.manifest = manifest
        self.viewpoints = viewpoints
        self._parameters: dict[str, Parameter] = {p.id: p for p in manifest.parameters}
        self._by_target = {p.target: p.id for p in manifest.parameters if not p.muted}
        self._blocks: dict[tuple[str, int], memoryview] = {}

    def column(self, identifier: str, start: int, stop: int) -> Floats:
        """Values for the frames [start, stop), (stop - start,) float64.

        Raises:
            KeyError: the identifier is neither a parameter nor a column of the table's own.
        """
        seed = self.manifest.seed
        parameter = self._parameters.get(identifier)
        if parameter is not None:
            if parameter.scope == "frame":
                return draw(parameter.distribution, seed, identifier, start, stop)
            return self._per_instance(parameter.distribution, identifier, start, stop)
        if identifier == "@seed":
            seeds: Floats = np.floor(uniforms(seed, identifier, start, stop) * 2.0**31)
            return seeds
        if identifier == "@texture":
            return self._per_instance(Uniform(0.0, 1000.0), identifier, start, stop)
        if identifier in _VIEW_COLUMNS and self.viewpoints is not None:
            views = np.arange(start, stop) // (self.manifest.light_count * self.manifest.repeats)
            poses: Floats = self.viewpoints.columns()[:, _VIEW_COLUMNS.index(identifier)]
            return poses.take(views % self.manifest.view_count)
        if identifier.startswith("@lit."):
            return self._lit(identifier.removeprefix("@lit."), start, stop)
        raise KeyError(identifier)

    def value(self, identifier: str, frame: int) -> float:
        """One value; quick enough for drivers, because values come in blocks that are kept."""
        block, offset = divmod(frame, _BLOCK)
        try:
            return self._blocks[identifier, block][offset]
        except KeyError:
            if not 0 <= frame < self.manifest.frame_count:
                raise IndexError(f"frame {frame} is not in [0, {self.manifest.frame_count})") from None
            start = block * _BLOCK
            values = self.column(identifier, start, min(start + _BLOCK, self.manifest.frame_count))
            self._blocks[identifier, block] = values.data
            return float(values[offset])

    def driver_of(self, path: str) -> str | None:
        """Identifier of the parameter that draws the field at ``path``, None where the field is constant."""
        return self._by_target.get(path)

    def field(self, path: str, frame: int) -> float:
        """The number at ``path`` of the manifest for a frame: what its parameter draws, else what stands there."""
        identifier = self.driver_of(path)
        if identifier is not None:
            return self.value(identifier, frame)
        owner, name, index = locate(self.manifest, path)
        value = getattr(owner, name)
        return float(value if index is None else value[index])

    def row(self, frame: int) -> dict[str, float]:
        """Identifier and value of every parameter for a frame."""
        return {identifier: float(self.value(identifier, frame)) for identifier in self._parameters}

    def _per_instance(self, number: Number, identifier: str, start: int, stop: int) -> Floats:
        group = self.manifest.frames_per_instance
        first, last = start // group, (stop - 1) // group + 1
        values = draw(number, self.manifest.seed, identifier, first, last)
        return values.take(np.arange(start, stop) // group - first)

    def _lit(self, name: str, start: int, stop: int) -> Floats:
        states = self.manifest.light_states
        lit = np.array([name in state.lights for state in states] or [True], dtype=np.float64)
        return lit.take(np.arange(start, stop) // self.manifest.repeats % len(lit))
