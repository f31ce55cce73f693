"""Which histograms a report shows, and what is written beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from manifests.distributions import Choice, Floats, Grid, LogUniform, LowDiscrepancy, Normal, Number, Uniform, support
from manifests.schema import Manifest

from .census import Census
from .charts import Histogram, histogram, number, unit_of, with_unit
from .pictures import Look


@dataclass
class Group:
    """Histograms under one heading.

    Attributes:
        title: the heading.
        charts: the histograms.
        constant: in words, what did not vary.
    """

    title: str
    charts: list[Histogram]
    constant: list[str]

    def add(self, values: Floats, title: str, counted: str, *, unit: str = "", **how: Any) -> None:
        """Add what was counted of (n,) values: a histogram, or words where all are the same; nothing where n is 0."""
        if not values.size:
            return
        if (values == values[0]).all():
            self.constant.append(f"{title} {with_unit(number(values[0]), unit)}")
        else:
            self.charts.append(histogram(values, title=title, counted=counted, unit=unit, **how))


def histograms(manifest: Manifest, census: Census, sampled: list[Look]) -> list[Group]:
    """The histograms of a data set: of its defects, its parameters and its images.

    Args:
        manifest, census: of the data set.
        sampled: looks at the images whose brightness is to be told.

    Returns:
        Groups that hold anything.
    """
    defects, draws, making = Group("Defects", [], []), Group("Parameters", [], []), Group("Images", [], [])
    if census.defects:
        defects.add(census.defects_per_instance(), "Defects of an instance", "instances")
    for label in manifest.labels:
        _add_defects(defects, manifest, census, label)
    firsts = census.firsts()
    for parameter in manifest.parameters:
        values = np.array(census.parameters.get(parameter.id, ()), dtype=np.float64)
        per_instance = parameter.scope == "instance"
        draws.add(
            values[firsts] if per_instance else values,
            parameter.id,
            "instances" if per_instance else "frames",
            unit=unit_of(parameter.target),
            note=f"{parameter.target}: {describe(parameter.distribution)}",
            source=parameter.distribution,
        )
    making.add(np.array(census.seconds), "Render time", "frames", unit="s")
    brightness = np.array([100 * look.brightness for look in sampled if look.brightness is not None])
    read = "all images" if len(sampled) == len(census.frames) else f"{len(sampled):,} of {len(census.frames):,} images"
    note = f"of white, where the image is opaque; {read} read"
    making.add(brightness, "Mean brightness", "images", unit="%", note=note)
    return [group for group in (defects, draws, making) if group.charts or group.constant]


def _add_defects(group: Group, manifest: Manifest, census: Census, label: str) -> None:
    pixels = np.array(census.sightings.get(label, ()), dtype=np.float64)
    group.add(pixels, f"{label}: visible size", "sightings", unit="px", note="one for each image", logarithmic=True)
    placed = census.by_label(label)
    entries = [entry for entry in manifest.defects if entry.label == label]
    for name in dict.fromkeys(name for defect in placed for name in defect.sizes):
        values = np.array([defect.sizes[name] for defect in placed if name in defect.sizes])
        sources = [getattr(entry, name) for entry in entries if hasattr(entry, name)]
        group.add(
            values,
            f"{label}: {words(name)}",
            "defects",
            unit=unit_of(name),
            note="; ".join(describe(source) for source in sources),
            # Of several entries of one label, it is not known which drew a defect.
            source=sources[0] if len(sources) == 1 else None,
        )


def describe(source: Number) -> str:
    """A distribution in words."""
    if isinstance(source, float):
        return f"always {number(source)}"
    if isinstance(source, Normal):
        low, high = support(source)
        text = f"normal {number(source.mean)} ± {number(source.deviation)}"
        if source.low is None and source.high is None:
            return text
        if source.low is None or source.high is None:
            return text + (f", at most {number(high)}" if source.low is None else f", at least {number(low)}")
        return f"{text}, {number(low)} to {number(high)}"
    if isinstance(source, Choice):
        options = [number(option) for option in source.options]
        if source.weights is not None:
            options = [f"{option} (weight {number(weight)})" for option, weight in zip(options, source.weights)]
        more = [f"{len(options) - 8} more"] if len(options) > 8 else []
        return "one of " + ", ".join(options[:8] + more)
    span = f"{number(source.low)} to {number(source.high)}"
    if isinstance(source, Grid):
        return f"grid of {source.steps:,} steps, {span}" + (f", held for {source.hold:,}" if source.hold > 1 else "")
    names = {Uniform: "uniform", LogUniform: "log-uniform", LowDiscrepancy: "low-discrepancy"}
    return f"{names[type(source)]} {span}"


def words(name: str) -> str:
    """A field's name for people, without the unit: ``diameter_mm`` is ``diameter``."""
    stem = name.rsplit("_", 1)[0] if unit_of(name) and "_" in name else name
    return stem.replace("_", " ")
