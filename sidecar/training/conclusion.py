"""The end of a training: the threshold is chosen on validation, and what came of the run is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..config import Config
from ..data.classes import Classes
from ..data.drawing import Pictures
from ..data.samples import Sample
from ..data.splits import Divided
from ..prediction.predictor import Predictor, find_part
from ..runs import Run
from ..scores.tally import Tally
from ..scores.thresholds import Thresholds, from_good, from_validation, to_record


def conclude(
    run: Run, config: Config, divided: Divided, classes: Classes, device: torch.device, known: dict[str, Any]
) -> None:
    """Choose the thresholds and write the run's result.

    Args:
        run, config, divided, classes, device: as training has them; the run's best weights are written.
        known: what training itself says of the result.
    """
    network = run.network(device)
    pictures = Pictures(config.data, classes, find_part(config.data.preprocessing, device))
    found = choose_thresholds(config, Predictor(config, network, device), pictures, divided.sides["val"])
    result = {
        **known,
        "device": device.type,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "labels": classes.numbers,
        "acceptable": sorted(classes.acceptable),
        "thresholds": found and to_record(found),
    }
    run.write_json(run.result_file, result)


def choose_thresholds(
    config: Config, predictor: Predictor, pictures: Pictures, samples: Sequence[Sample]
) -> Thresholds | None:
    """From which score on a pixel is a defect: as the config says, or as the validation samples show.

    Returns:
        The highest F1 of the pixels where validation shows defects, else the median of the highest scores of its good
        pictures; None without samples.
    """
    if config.prediction.threshold is not None:
        return Thresholds(config.prediction.threshold)
    tally = Tally(pictures.classes.numbers, pictures.classes.acceptable)
    maxima: dict[str, list[float]] = {}
    for sample in samples:
        prepared = pictures.prepared(sample)
        scores = predictor.inspect(pictures, prepared).scores
        tally.add(scores, prepared.mask, view=sample.view)
        maxima.setdefault(sample.view, []).append(float(scores.max()))
    return (from_validation(tally) or from_good(maxima)) if samples else None
