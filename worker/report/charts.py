"""Histograms as numbers on a canvas: values in, coordinates out; the report's template draws them as SVG."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from manifests.distributions import Choice, Floats, Grid, LogUniform, LowDiscrepancy, Number, support

WIDTH, HEIGHT = 350.0, 150.0
"""Size of the canvas."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 330.0, 8.0, 118.0  # the plot within it
_MOST_BARS = 30
_MOST_DISCRETE = 16  # distinct whole numbers or options up to which each has a bar of its own
_GAP = 1.0

UNITS = {
    "mm": "mm",
    "m": "m",
    "deg": "°",
    "rad": "rad",
    "px": "px",
    "e": "e⁻",
    "stops": "stops",
    "cm2": "1/cm²",
    "radiance": "W/(m² sr)",
}
"""Last word of a field's name, and its unit as people write it."""


@dataclass(frozen=True)
class Bar:
    """One bar: its rectangle on the canvas, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place on the canvas and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Histogram:
    """A histogram on a canvas of WIDTH x HEIGHT.

    Attributes:
        title: what is counted by value.
        unit: of the values, empty for none.
        counted: what the bars count, in the plural.
        note: a line below the title, such as the manifest's distribution.
        summary: number, range and median in words; also the description for those who do not see it.
        bars: the bars.
        x_ticks, y_ticks: marks of the axes.
        expected: path of the line that the manifest's distribution predicts, empty for none.
        logarithmic: whether the values are on a logarithmic axis.
    """

    title: str
    unit: str
    counted: str
    note: str
    summary: str
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    expected: str
    logarithmic: bool


def histogram(
    values: Floats,
    *,
    title: str,
    counted: str,
    unit: str = "",
    note: str = "",
    source: Number | None = None,
    logarithmic: bool = False,
) -> Histogram:
    """Lay out a histogram.

    Args:
        values: (n,) float64, finite, n >= 1.
        title, counted, unit, note: as in :class:`Histogram`.
        source: what the values were drawn from: sets the axis and the expected line.
        logarithmic: spread the values' logarithms evenly, where all are positive.
    """
    wide = isinstance(source, LogUniform) and source.high >= 4 * source.low
    logarithmic = (logarithmic or wide) and bool((values > 0).all())
    discrete = _discrete(values, source)
    if discrete is not None:
        low, high = -0.5, len(discrete) - 0.5
        edges = np.arange(len(discrete) + 1) - 0.5
        places = np.searchsorted(discrete, values).astype(np.float64)
        x_ticks = [(float(k), number(value)) for k, value in enumerate(discrete)]
        spans = [number(value) for value in discrete]
    else:
        shown = np.log10(values) if logarithmic else values
        low, high = _range(shown, source, logarithmic)
        edges = np.linspace(low, high, _bar_count(values.size) + 1)
        places = np.clip(shown, low, high)
        x_ticks = log_ticks(low, high) if logarithmic else [(v, number(v)) for v in nice_ticks(low, high, 6)]
        ends = [number(10.0**e if logarithmic else e) for e in edges]
        spans = [f"{a} to {b}" for a, b in itertools.pairwise(ends)]
    counts = np.histogram(places, edges)[0]
    predicted = _predicted(source, edges, discrete, logarithmic) * values.size
    top = max(float(counts.max()), float(predicted.max(initial=0.0)))
    y_ticks = [tick for tick in nice_ticks(0.0, top * 1.05, 4) if tick == round(tick)]

    def across(value: float) -> float:
        return round(_LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT), 2)

    def up(count: float) -> float:
        return round(_BOTTOM - count / (top * 1.05) * (_BOTTOM - _TOP), 2)

    thin = _GAP * (6 if discrete is not None else 1)
    suffix = with_unit("", unit)
    bars = [
        Bar(
            across(a) + thin / 2,
            up(n),
            round(max(0.5, across(b) - across(a) - thin), 2),
            round(_BOTTOM - up(n), 2),
            f"{span}{suffix}: {n:,} {counted}",
        )
        for a, b, n, span in zip(edges, edges[1:], counts.tolist(), spans)
        if n
    ]
    line = ""
    if predicted.size:
        steps = [f"{across(a)} {up(p)}H{across(b)}" for a, b, p in zip(edges, edges[1:], predicted.tolist())]
        line = "M" + "L".join(steps)
    return Histogram(
        title,
        unit,
        counted,
        note,
        f"{values.size:,} {counted}, {summary(values)}{suffix}",
        tuple(bars),
        tuple(Tick(across(at), label) for at, label in _thinned(x_ticks)),
        tuple(Tick(up(at), number(at)) for at in y_ticks),
        line,
        logarithmic,
    )


def summary(values: Floats) -> str:
    """Range and median of (n,) values in words; n >= 1."""
    low, high = float(values.min()), float(values.max())
    # A thousandth of the range is as much as anybody wants to know.
    digits = 3 - math.floor(math.log10(high - low)) if high > low else 12
    ends = [number(round(value, digits)) for value in (low, high, float(np.median(values)))]
    return f"{ends[0]} to {ends[1]}, median {ends[2]}"


def number(value: float) -> str:
    """A number as a person reads it: three digits, whole numbers in full, no exponent between 0.0001 and a million."""
    value = float(value)
    if value == 0 or not math.isfinite(value):
        return f"{value:g}".removeprefix("-") if value == 0 else f"{value:g}"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:,.0f}".replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    if 1e-4 <= abs(value) < 1e6:
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−")


def with_unit(text: str, unit: str) -> str:
    """A number and its unit, with a space that does not break, and none before the sign of degrees."""
    return f"{text}{unit}" if unit in ("", "°") else f"{text}\u00a0{unit}"


def unit_of(name: str) -> str:
    """Unit of a field from its name (``depth_mm``: mm), empty where the name says none."""
    return UNITS.get(name.rsplit(".", 1)[-1].split("[")[0].rsplit("_", 1)[-1], "")


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within [low, high], at most ``most`` of them; low < high."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Exponents (to base 10) and labels of the marks 1, 2, 5 times a power of ten within [low, high]."""
    factors = (1, 2, 5) if high - low < 3.2 else (1,)
    ticks = []
    for power in range(math.floor(low), math.ceil(high) + 1):
        for factor in factors:
            at = power + math.log10(factor)
            if low - 1e-9 <= at <= high + 1e-9:
                ticks.append((at, number(factor * 10.0**power)))
    return ticks


def _discrete(values: Floats, source: Number | None) -> Floats | None:
    """The values that have a bar each, ascending, where there are few; None where they are to be binned."""
    distinct = np.unique(values)
    if isinstance(source, Choice):
        distinct = np.unique(np.append(distinct, source.options))
    elif isinstance(source, Grid):
        distinct = np.unique(np.append(distinct, np.linspace(source.low, source.high, source.steps)[:_MOST_BARS]))
    elif source is None and (distinct == np.round(distinct)).all():
        # Whole numbers that do not occur have a place, too, or a gap in the counts would not show.
        distinct = np.arange(distinct[0], min(distinct[-1], distinct[0] + _MOST_BARS) + 1)
    elif distinct.size > 1:
        return None
    return distinct if distinct.size <= _MOST_DISCRETE and np.isin(values, distinct).all() else None


def _bar_count(count: int) -> int:
    """Rice's rule: enough bars to show a shape, not so many that it drowns in chance."""
    return int(np.clip(round(2 * count ** (1 / 3)), 5, _MOST_BARS))


def _range(shown: Floats, source: Number | None, logarithmic: bool) -> tuple[float, float]:
    low, high = float(shown.min()), float(shown.max())
    if source is not None:
        start, end = support(source)
        if math.isfinite(start) and math.isfinite(end) and (not logarithmic or start > 0):
            first, last = (math.log10(start), math.log10(end)) if logarithmic else (start, end)
            low, high = min(low, first), max(high, last)
    # Values that are one number but for rounding still need an axis.
    least = 0.02 if logarithmic else max(1e-9, 1e-6 * max(abs(low), abs(high)))
    return (low, high) if high - low > least else (low - least, high + least)


def _predicted(source: Number | None, edges: Floats, discrete: Floats | None, logarithmic: bool) -> Floats:
    """Share of the values that the distribution puts into each bin; empty where there is no distribution."""
    if source is None or isinstance(source, float):
        return np.empty(0)
    if isinstance(source, Grid):
        drawn = np.linspace(source.low, source.high, min(source.steps, 100_000))
    else:
        evenly = (np.arange(20_000) + 0.5) / 20_000
        drawn = (
            source.low + (source.high - source.low) * evenly
            if isinstance(source, LowDiscrepancy)
            else source.values(evenly)
        )
    if discrete is not None:
        drawn = np.searchsorted(discrete, drawn).astype(np.float64)
    elif logarithmic:
        drawn = np.log10(drawn)
    return np.histogram(drawn, edges)[0] / drawn.size


def _thinned(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """As many of the ticks as their labels have room for."""
    longest = max((len(label) for _, label in ticks), default=1)
    room = max(1, int((_RIGHT - _LEFT) / (6.5 * longest + 8)))
    return ticks[:: -(-len(ticks) // room)] if ticks else ticks
