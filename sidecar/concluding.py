"""The end of a training: the threshold is chosen on validation, and what came of the run is written."""

from __future__ import annotations

from typing import Any

import torch

from .config import Config
from .data.classes import Classes
from .data.drawing import Pictures
from .data.splits import Divided
from .prediction import Predictor, choose_thresholds, find_part
from .runs import Run
from .scores.thresholds import to_record


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
