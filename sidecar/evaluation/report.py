"""Reports: one static page each, that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ..scores.bins import Floats
from ..scores.domain import Projection, Shift
from ..scores.tally import COVERAGES
from . import figures
from .counting import Evaluation, Picture, Row, quality

_COUNTED = ["defects", "found", "pixels found"]
_OPERATING = {"precision": "precision", "recall": "recall", "f1": "F1", "f2": "F2", "iou": "IoU"}
_SCORES = _OPERATING | {"auroc": "AUROC", "auprc": "AUPRC", "aupro": "AUPRO"}


@dataclass(frozen=True)
class Table:
    """A table of a page, its cells as text."""

    title: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


@dataclass(frozen=True)
class _Group:
    title: str
    pictures: list[dict[str, str]] = field(default_factory=list)


def page(record: Mapping[str, Any], drawn: Mapping[str, Any], found: Evaluation) -> str:
    """The page of one run.

    Args:
        record: what ``metrics.json`` says.
        drawn: what ``curves.json`` says.
        found: the evaluation they come from.
    """
    pixels, images = record["pixels"], record["images"]
    mean = record["defect_wise"]["mean"]
    tiles = [
        ("F1 of the pixels", _number(pixels["f1"])),
        ("precision", _number(pixels["precision"])),
        ("recall", _number(pixels["recall"])),
        ("defects with a pixel found", _percent(mean and mean[COVERAGES.index(0.0)])),
        ("defects half found", _percent(mean and mean[COVERAGES.index(0.5)])),
        ("AUROC", _number(pixels["auroc"])),
        ("AUPRC", _number(pixels["auprc"])),
        ("AUPRO", _number(pixels["aupro"])),
        ("training", f"{record['training_seconds']:.0f} s"),
    ]
    names, chart = quality(found.rows) or ([], None)
    shown = {record["run"]: drawn}
    plots = [figures.precision_recall(shown), figures.operating(shown), figures.overlap(shown)]
    plots += [figures.coverage(found), figures.densities(found), figures.singly(found)]
    plots += [figures.by_view(found), figures.losses(shown)]
    if chart is not None:
        plots.append(figures.control(names, chart, sorted({row.batch for row in found.rows if row.defective})))
    tables = [_classes(record), *_singly(record), _pixels(record)]
    if record["published"]:
        tables.append(_published(record))
    weights = f" · feature weights: {record['weights']}" if record["weights"] else ""
    return _render(
        title=record["title"] or f"Evaluation of {record['run']}",
        lead=f"{record['model']} · {images['count']} test images, {images['defective']} of them defective"
        f" · trained on {record['device']}{weights}",
        tiles=tiles,
        tables=tables,
        figures=[plot for plot in plots if plot],
        groups=_groups(found),
        reconstructed=any(picture.reconstruction is not None for _, picture in found.best),
        foot=f"Threshold {found.thresholds.overall:.4g}: {found.chosen}. "
        + " ".join(f"Split of '{source}': {how}." for source, how in record["split"].items()),
    )


def comparison(records: Sequence[Mapping[str, Any]], drawn: Sequence[Mapping[str, Any]]) -> str:
    """The page that compares runs, from what their ``metrics.json`` and ``curves.json`` say."""
    rows = []
    for record in records:
        mean = record["defect_wise"]["mean"]
        numbers = [_number(record["pixels"][score]) for score in _SCORES]
        rows.append([record["run"], *numbers, _percent(mean and mean[0]), f"{record['training_seconds']:.0f} s"])
    labels = list(dict.fromkeys(name for record in records for name in record["classes"]))
    classes = [
        [record["run"], *(cell for name in labels for cell in _recalls(record["classes"].get(name)))]
        for record in records
    ]
    head = [text for name in labels for text in (f"{name}, pixels", "defects")]
    heading = ["run", *_SCORES.values(), "found", "training"]
    shown = {record["run"]: lines for record, lines in zip(records, drawn)}
    plots = [draw(shown) for draw in (figures.operating, figures.precision_recall, figures.overlap, figures.losses)]
    told = {record["thresholds"]["chosen"]: list[str]() for record in records}
    for record in records:
        told[record["thresholds"]["chosen"]].append(record["run"])
    return _render(
        title=f"Comparison of {len(records)} runs",
        lead="At the threshold of each run; 'found' is the mean defect-wise recall.",
        tiles=[],
        tables=[
            Table("Pixels and defects", heading, rows),
            Table("Recall by class", ["run", *head], classes, "Of impurities, less is better."),
            *_all_published(records),
        ],
        figures=[plot for plot in plots if plot],
        groups=[],
        foot="Thresholds: " + "; ".join(f"{', '.join(runs)}: {how}" for how, runs in told.items()) + ".",
    )


def domain_shift(sets: Mapping[str, Floats], shifts: Sequence[Shift], projection: Projection) -> str:
    """The page on how far sets of images lie from the first.

    Args:
        sets: name to features, (images, features); the first is the reference.
        shifts: of the sets from the second on.
        projection: of the reference.
    """
    reference, *others = sets
    rows = [
        [
            name,
            f"{len(sets[name]):,}",
            *(f"{value:.2f}" for value in (shift.distance, shift.of_means, shift.of_spreads)),
        ]
        for name, shift in zip(others, shifts)
    ]
    return _render(
        title=f"Domain shift from {reference}",
        lead=f"In standard deviations of {reference} ({len(sets[reference]):,} images), along "
        f"{len(projection.components)} components of its features.",
        tiles=[],
        tables=[Table("Distances", ["set", "images", "distance", "of the means", "of the spreads"], rows)],
        figures=[figures.components(projection, sets)],
        groups=[],
        foot="0: the same distribution. The means part what light and exposure change; the spreads what varies more or "
        "less than it does in the first set.",
    )


def _classes(record: Mapping[str, Any]) -> Table:
    rows = [
        [
            name + (" (acceptable)" if row["acceptable"] else ""),
            f"{row['instances']:,}",
            f"{row['pixels']:,}",
            _percent(row["pixel_recall"]),
            _percent(row["defect_wise_recall"]),
            _number(row["peak_mean_iou"]),
            f"{row['peak_threshold']:.4g}",
        ]
        for name, row in record["classes"].items()
    ]
    head = ["class", "instances", "pixels", "pixels found", "defects found", "peak mean IoU", "at threshold"]
    note = "A defect is found where one of its pixels is. Peak mean IoU is the best of all thresholds (S0, table 4)."
    return Table("By class", head, rows, note)


def _singly(record: Mapping[str, Any]) -> list[Table]:
    """What is found of the defects by whether they can be seen, and by their measures."""
    told, groups = record["singly"]["by_visibility"], record["singly"]["by_measure"]
    tables = []
    if told:
        rows = [[name, *_counted(told[name])] for name in told]
        note = "Visible or not as the twins of the images tell; what nobody could see, nobody can ask a model to find."
        tables.append(Table("What can be seen", ["", *_COUNTED], rows, note))
    if groups:
        rows = [
            [f"{group['class']}, {group['measure'].replace('_', ' ')}", _range(group), *_counted(group)]
            for group in groups
        ]
        note = "Each measure divides the defects into groups of the same number, from the least to the greatest."
        tables.append(Table("Defects by size and contrast", ["", "from – to", *_COUNTED], rows, note))
    return tables


def _counted(group: Mapping[str, Any]) -> list[str]:
    return [f"{group['count']:,}", _percent(group["found"]), _percent(group["pixels_found"])]


def _range(group: Mapping[str, Any]) -> str:
    return f"{group['low']:.3g} – {group['high']:.3g}"


def _pixels(record: Mapping[str, Any]) -> Table:
    kinds = {"one threshold for all views": "pixels", "thresholds per view": "pixels_by_view"}
    if len(record["thresholds"]["by_view"]) < 2:
        del kinds["thresholds per view"]
    rows = [[label, *(_number(record[kind][score]) for score in _OPERATING)] for label, kind in kinds.items()]
    whole = record["whole_images"]
    note = f"Whole images by their highest score: AUROC {_number(whole['auroc'])}, AUPRC {_number(whole['auprc'])}."
    return Table("Pixels", ["", *_OPERATING.values()], rows, note)


def _published(record: Mapping[str, Any]) -> Table:
    rows = [
        [number["score"], _number(named(record, number["score"])), f"{number['value']:g}", number["place"]]
        for number in record["published"]
    ]
    return Table("Beside the source document", ["score", "here", "there", "where"], rows)


def _all_published(records: Sequence[Mapping[str, Any]]) -> list[Table]:
    """A table of runs and scores, ours before the document's; none where no run has a document."""
    known = [{number["score"]: number["value"] for number in record["published"]} for record in records]
    scores = list(dict.fromkeys(score for numbers in known for score in numbers))
    if not scores:
        return []
    rows = [
        [
            record["run"],
            *(f"{_number(named(record, name))} ({numbers[name]:g})" if name in numbers else "" for name in scores),
        ]
        for record, numbers in zip(records, known)
    ]
    places = dict.fromkeys(number["place"] for record in records for number in record["published"])
    note = f"In brackets what stands in {'; '.join(places)}."
    return [Table("Beside the source document", ["run", *(name.replace("_", " ") for name in scores)], rows, note)]


def named(record: Mapping[str, Any], score: str) -> float | None:
    """The number of an evaluation that the source documents and the recipes call so; None where there is none.

    One of the pixels' scores, ``training_seconds``, ``image_auroc``, ``defect_wise_recall`` (the mean), or for a class
    ``iou_CLASS`` (peak mean), ``recall_CLASS`` (pixels) and ``defect_wise_recall_CLASS``.
    """
    by_class = {"defect_wise_recall_": "defect_wise_recall", "recall_": "pixel_recall", "iou_": "peak_mean_iou"}
    mean = record["defect_wise"]["mean"]
    known: dict[str, Any] = {
        **record["pixels"],
        "training_seconds": record["training_seconds"],
        "image_auroc": record["whole_images"]["auroc"],
        "defect_wise_recall": mean and mean[0],
    }
    for start, key in by_class.items():
        known |= {start + name: row[key] for name, row in record["classes"].items()}
    value: float | None = known.get(score)
    return value


def _recalls(row: Mapping[str, Any] | None) -> tuple[str, str]:
    return ("", "") if row is None else (_percent(row["pixel_recall"]), _percent(row["defect_wise_recall"]))


def _groups(found: Evaluation) -> list[_Group]:
    groups = []
    for title, kept in (
        ("Found best", found.best),
        ("Found worst", found.worst),
        ("Good, but with false alarms", found.alarming),
    ):
        if kept:
            groups.append(_Group(title, [_figure(found, row, picture) for row, picture in kept]))
    return groups


def _figure(found: Evaluation, row: Row, picture: Picture) -> dict[str, str]:
    sought = [found.tally.labels[name] for name in found.tally.defects]
    told = f"F1 {row.f1:.2f}" if row.defective else f"{row.alarms:,} px called"
    view = f", view {row.view}" if row.view else ""
    text = f"{row.name}{view}: {told}"
    return {"uri": figures.panel(picture, found.thresholds.overall, sought), "text": text}


def _render(**content: Any) -> str:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    kinds = (("found", figures.HIT), ("false alarm", figures.ALARM), ("missed", figures.MISSED))
    colors = [(name, f"rgb{color}") for name, color in kinds]
    return environment.get_template("report.html.j2").render(colors=colors, **content)


def _number(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
