"""The distributions a number can be drawn from.

Each maps what :mod:`manifests.sampling` gives it, a uniform number per index or the index itself, to values; none keeps
any state, so that the value at an index never depends on what else was drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import ManifestError
from .fields import field, join

Floats: TypeAlias = NDArray[np.float64]


def _check_order(path: str, low: float, high: float) -> None:
    if high < low:
        raise ManifestError(join(path, "high"), f"must be >= low ({low:g}), got {high:g}")


def _check_range(path: str, low: float, high: float) -> None:
    _check_order(path, low, high)
    if math.isinf(high - low):
        raise ManifestError(join(path, "high"), f"is too far from low ({low:g})")


@dataclass(frozen=True)
class Uniform:
    """Every value between low and high is equally likely."""

    KIND: ClassVar[str] = "uniform"
    low: float = field("Smallest value.")
    high: float = field("Largest value.")

    def check(self, path: str) -> None:
        _check_range(path, self.low, self.high)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def values(self, uniforms: Floats) -> Floats:
        return np.clip(self.low + (self.high - self.low) * uniforms, self.low, self.high)


@dataclass(frozen=True)
class Normal:
    """A normal distribution, truncated to [low, high] where these are given."""

    KIND: ClassVar[str] = "normal"
    mean: float = field("Mean of the untruncated distribution.")
    deviation: float = field("Standard deviation of the untruncated distribution.", low=0.0)
    low: float | None = field("Values below it do not occur; nothing: no limit.", None)
    high: float | None = field("Values above it do not occur; nothing: no limit.", None)

    def check(self, path: str) -> None:
        low, high = self.support()
        _check_order(path, low, high)
        if self.deviation == 0 and not low <= self.mean <= high:
            raise ManifestError(join(path, "mean"), "must lie between low and high where deviation is 0")
        first, last = self._limits()
        if self.deviation > 0 and not last > first:
            raise ManifestError(
                join(path, "mean"), "leaves no value between low and high: too far from them, or these too close"
            )

    def support(self) -> tuple[float, float]:
        return (-math.inf if self.low is None else self.low, math.inf if self.high is None else self.high)

    def values(self, uniforms: Floats) -> Floats:
        if self.deviation == 0:
            return np.full_like(uniforms, self.mean)
        first, last = self._limits()
        drawn = inverse_normal(first + (last - first) * (1.0 - uniforms if self._above_mean() else uniforms))
        drawn = self.mean + self.deviation * (-drawn if self._above_mean() else drawn)
        return np.clip(drawn, *self.support())

    def _above_mean(self) -> bool:
        return self.low is not None and self.low > self.mean

    def _limits(self) -> tuple[float, float]:
        """Probabilities below the limits; above the mean, of the mirror image, because those near 1 have no digits."""
        if self.deviation == 0:
            return 0.0, 1.0
        low, high = ((x - self.mean) / self.deviation for x in self.support())
        if self._above_mean():
            low, high = -high, -low
        return 0.5 * math.erfc(-low / math.sqrt(2)), 0.5 * math.erfc(-high / math.sqrt(2))


@dataclass(frozen=True)
class LogUniform:
    """The logarithm of the value is uniform: each decade is equally likely."""

    KIND: ClassVar[str] = "log_uniform"
    low: float = field("Smallest value.", above=0.0)
    high: float = field("Largest value.", above=0.0)

    def check(self, path: str) -> None:
        _check_order(path, self.low, self.high)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def values(self, uniforms: Floats) -> Floats:
        start, end = math.log(self.low), math.log(self.high)
        drawn: Floats = np.exp(start + (end - start) * uniforms)
        return np.clip(drawn, self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """One of a list of values, equally likely or by weight."""

    KIND: ClassVar[str] = "choice"
    options: tuple[float, ...] = field("The values to choose from.")
    weights: tuple[float, ...] | None = field("Relative frequency of each option; nothing: all alike.", None, low=0.0)

    def check(self, path: str) -> None:
        if not self.options:
            raise ManifestError(join(path, "options"), "must have at least one item")
        if self.weights is not None and len(self.weights) != len(self.options):
            raise ManifestError(join(path, "weights"), f"must have {len(self.options)} items, got {len(self.weights)}")
        if self.weights is not None and not 0 < sum(self.weights) < math.inf:
            raise ManifestError(join(path, "weights"), "must have a positive, finite sum")

    def support(self) -> tuple[float, float]:
        return min(self.options), max(self.options)

    def values(self, uniforms: Floats) -> Floats:
        weights = np.ones(len(self.options)) if self.weights is None else np.array(self.weights)
        edges = np.cumsum(weights / weights.sum())
        # A rounded sum may end below 1, where only options of positive weight may be found.
        edges[np.flatnonzero(weights)[-1] :] = 1.0
        chosen: Floats = np.array(self.options)[np.searchsorted(edges, uniforms, side="right")]
        return chosen


@dataclass(frozen=True)
class Grid:
    """Evenly spaced values in order, one per index, again from the start after the last."""

    KIND: ClassVar[str] = "grid"
    low: float = field("First value.")
    high: float = field("Last value.")
    steps: int = field("Number of values.", low=1)
    hold: int = field(
        "Indices that share a value; a second grid that holds for the steps of a first spans both.", 1, low=1
    )

    def check(self, path: str) -> None:
        _check_range(path, self.low, self.high)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def values_at(self, index: NDArray[np.int64]) -> Floats:
        values: Floats = np.linspace(self.low, self.high, self.steps)[(index // self.hold) % self.steps]
        return values


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


@dataclass(frozen=True)
class LowDiscrepancy:
    """Uniform between low and high, but spread more evenly than chance: a Halton sequence, shifted by the seed.

    Parameters that are to fill their common space evenly take different dimensions.
    Source: Halton (1960), with the random shift of Cranley and Patterson (1976).
    """

    KIND: ClassVar[str] = "low_discrepancy"
    low: float = field("Smallest value.")
    high: float = field("Largest value.")
    dimension: int = field(
        "Which sequence: parameters varied together take 0, 1, 2, ...", 0, low=0, high=len(_PRIMES) - 1
    )

    def check(self, path: str) -> None:
        _check_range(path, self.low, self.high)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def values_at(self, index: NDArray[np.int64], shift: float) -> Floats:
        base = _PRIMES[self.dimension]
        rest = np.array(index, dtype=np.int64)
        radical = np.zeros(rest.shape)
        scale = 1.0 / base
        while rest.any():
            rest, digit = np.divmod(rest, base)
            radical += digit * scale
            scale /= base
        return np.clip(self.low + (self.high - self.low) * ((radical + shift) % 1.0), self.low, self.high)


Distribution: TypeAlias = Uniform | Normal | LogUniform | Choice | Grid | LowDiscrepancy
Number: TypeAlias = float | Uniform | Normal | LogUniform | Choice | Grid | LowDiscrepancy


def support(number: Number) -> tuple[float, float]:
    """Smallest and largest value that a number or distribution can give; infinite where it has no limit."""
    return (number, number) if isinstance(number, float) else number.support()


def most(count: Number) -> int:
    """Largest whole number that a count can give; at least 1."""
    return max(1, round(support(count)[1]))


def inverse_normal(probability: Floats) -> Floats:
    """Quantile function of the standard normal distribution, relative error about 1e-16.

    Args:
        probability: values in (0, 1), any shape.

    Source: Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
    """
    q = probability - 0.5
    result = np.empty_like(q)
    centre = np.abs(q) <= 0.425
    r = 0.180625 - q[centre] ** 2
    result[centre] = q[centre] * _ratio(r, _CENTRE)
    tail = ~centre
    smaller = np.minimum(probability[tail], 1.0 - probability[tail])
    r = np.sqrt(-np.log(np.maximum(smaller, np.finfo(float).tiny)))
    values = np.where(r <= 5.0, _ratio(r - 1.6, _NEAR), _ratio(r - 5.0, _FAR))
    result[tail] = np.copysign(values, q[tail])
    return result


def _ratio(x: Floats, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Floats:
    numerator, denominator = coefficients
    return np.polyval(numerator, x) / np.polyval(denominator, x)


# Highest power first, as numpy.polyval takes them.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip
