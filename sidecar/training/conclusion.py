"""The end of a training: the threshold is chosen on validation, and what came of the run is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from manifests.errors import DataSetError

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
        "thresholds": found and to_record(found[0]),
        "chosen": found and found[1],
    }
    run.write_json(run.result_file, result)


def check_judgeable(config: Config, samples: Sequence[Sample]) -> None:
    """See, before training, that :func:`choose_thresholds` will know what the validation samples show.

    Raises:
        DataSetError: one has no mask and is not known to be good, and the config gives no threshold.
    """
    if config.prediction.threshold is not None or config.data.target == "part":
        return
    for sample in samples:
        if sample.mask is None and not sample.good:
            raise DataSetError(
                f"{sample.image}: has no mask, so that no threshold can be chosen on it; give source '{sample.source}' "
                "'masks', say 'good: true' of it, or set 'prediction.threshold'"
            )


def choose_thresholds(
    config: Config, predictor: Predictor, pictures: Pictures, samples: Sequence[Sample]
) -> tuple[Thresholds, str] | None:
    """From which score on a pixel is a defect: as the config says, or as the validation samples show.

    Returns:
        The highest F1 of the pixels where validation shows defects, else the median of the highest scores of its
        pictures, which are good; and which of these it is, in words. None without samples.
    """
    if config.prediction.threshold is not None:
        return Thresholds(config.prediction.threshold), "chosen by the config"
    tally = Tally(pictures.classes.numbers, pictures.classes.acceptable)
    maxima: dict[str, list[float]] = {}
    for sample in samples:
        prepared = pictures.prepared(sample)
        scores = predictor.inspect(pictures, prepared).scores
        tally.add(scores, prepared.mask, view=sample.view)
        maxima.setdefault(sample.view, []).append(float(scores.max()))
    if not samples:
        return None
    best = from_validation(tally)
    if best is not None:
        return best, f"highest F1 of the pixels of {len(samples)} validation images"
    return from_good(maxima), f"median of the highest scores of {len(samples)} good validation images"
