"""The command ``evaluate``: a run, its test side, and a report."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from manifests.errors import DataSetError
from manifests.layout import write_atomic

from .. import devices
from ..data.classes import Classes
from ..data.drawing import Pictures
from ..data.preprocessing import Prepared, rgb
from ..data.samples import Bytes, Sample, read_instances, read_picture
from ..data.splits import check_unchanged, divide
from ..prediction.predictor import Inspection, Predictor, find_part
from ..runs import Run
from ..scores.singly import Defect
from ..scores.thresholds import Thresholds
from . import report
from .counting import Evaluation, Picture, Row, evaluate, numbers
from .lines import lines


def evaluate_run(folder: Path, out: Path, device: str) -> Evaluation:
    """Evaluate a run on the test side of its split, at the pictures' own resolution.

    Writes ``OUT/metrics.json``, ``OUT/curves.json``, ``OUT/images.csv``, ``OUT/defects.csv`` and ``OUT/report.html``.

    Raises:
        DataSetError: there are no test samples, or one cannot be read.
        RunError: there is no such run or device, it is not done, or its data changed.
    """
    run = Run(folder)
    config, result, where = run.config(), run.finished(), devices.choose(device)
    divided = divide(config.data.sources, config.seed)
    check_unchanged(run.split() or {}, divided.record(), folder)
    if not divided.sides["test"]:
        raise DataSetError(f"{folder}: no source has samples for the test; change the sources' 'split' and train anew")
    classes = Classes(result["labels"], frozenset(result["acceptable"]))
    unet = find_part(config.data.preprocessing, where)
    pictures = Pictures(config.data, classes, unet, masks=False, room=0)
    predictor = Predictor(config, run.network(where), where)

    def test() -> Iterator[Picture]:
        return (_picture(sample, pictures, predictor) for sample in divided.sides["test"])

    chosen = None
    if result["thresholds"] is not None:
        chosen = Thresholds(**result["thresholds"]), result.get("chosen", "chosen on validation")
    found = evaluate(test, classes.numbers, classes.acceptable, chosen)
    record = {
        "run": config.name,
        "title": config.title,
        "model": config.model.KIND,
        "target": config.data.target,
        "training_seconds": result["training_seconds"],
        "device": result["device"],
        "weights": result.get("weights"),
        "split": divided.how,
        "published": [dataclasses.asdict(number) for number in config.published],
        **numbers(found),
    }
    run.write_json(out / "metrics.json", record)
    write_atomic(out / "images.csv", _images(found.rows).encode())
    write_atomic(out / "defects.csv", _defects(found.defects).encode())
    drawn = lines(found, run.history(), config.model.OBJECTIVE == "structural_similarity")
    run.write_json(out / "curves.json", drawn)
    write_atomic(out / "report.html", report.page(record, drawn, found).encode())
    return found


def text(found: Evaluation) -> str:
    """A line for a person on what was found."""
    said = numbers(found)
    pixels, mean = said["pixels"], said["defect_wise"]["mean"]
    defects = "no defect to be found" if mean is None else f"{100 * mean[0]:.0f} % of the defects found"
    scores = ", ".join(f"{name} {pixels[name]:.3f}" for name in ("precision", "recall", "f1"))
    return f"{said['images']['count']} images, {defects}; pixels: {scores}"


def _picture(sample: Sample, pictures: Pictures, predictor: Predictor) -> Picture:
    prepared = pictures.prepared(sample)
    seen = predictor.inspect(pictures, prepared)
    scores = prepared.restore(seen.scores).clip(min=0)
    image, alpha = read_picture(sample)
    mask = pictures.truth(sample, alpha, *scores.shape)
    instances = read_instances(sample, *scores.shape) if pictures.seeks_defects else None
    names = (f"{sample.source}/{sample.name}", f"{sample.source}/{sample.group}", sample.view)
    shown = _reconstruction(seen, prepared)
    return Picture(*names, rgb(image), scores, mask, instances, sample.defects, shown)


def _reconstruction(seen: Inspection, prepared: Prepared) -> Bytes | None:
    if seen.reconstruction is None:
        return None
    channels = [prepared.restore(np.ascontiguousarray(channel)) for channel in seen.reconstruction.transpose(2, 0, 1)]
    return rgb(np.rint(255 * np.stack(channels, axis=-1).clip(0, 1)).astype(np.uint8))


def _images(rows: list[Row]) -> str:
    return _table(list(Row.__dataclass_fields__), [vars(row) for row in rows])


def _defects(defects: list[Defect]) -> str:
    measures = list(dict.fromkeys(name for defect in defects for name in defect.measures))
    plain = [name for name in Defect.__dataclass_fields__ if name != "measures"]
    return _table([*plain, *measures], [{**vars(defect), **defect.measures} for defect in defects])


def _table(head: list[str], rows: list[dict[str, Any]]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, head, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()
