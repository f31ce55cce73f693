"""Trained networks as ONNX, checked against the live ones."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from manifests.errors import RunError
from manifests.layout import write_atomic

from .runs import Run

_TOLERANCE = 1e-4
"""Largest difference in 0..1 between the exported network and the live one: float32 summed in another order."""


class _Output(nn.Module):
    """What a program that uses the file wants: a reconstruction, or probabilities instead of logits."""

    def __init__(self, network: nn.Module, task: str) -> None:
        super().__init__()
        self.network, self._logits = network, task == "segmentation"

    def forward(self, windows: Tensor) -> Tensor:
        output: Tensor = self.network(windows)
        return torch.sigmoid(output) if self._logits else output


def export(folder: Path, out: Path) -> float:
    """Write a run's network: ``windows`` (N, C, size, size) in 0..1 to ``output``, reconstructions or probabilities.

    Returns:
        Largest difference to the live network, on windows of noise.

    Raises:
        RunError: there is no such run, or the exported network gives something else; then nothing is written.
    """
    run = Run(folder)
    config, device = run.config(), torch.device("cpu")
    network = _Output(run.network(device), config.model.TASK).eval()
    size = config.model.size_px
    windows = torch.rand(2, config.data.preprocessing.inputs, size, size, generator=torch.Generator().manual_seed(0))
    content = _exported(network, windows)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        # Another number of windows than the one that was traced, so that a number frozen into the file would show.
        live = [network(windows[:count]).numpy() for count in (1, 2)]
    found = [session.run(["output"], {"windows": windows[:count].numpy()})[0] for count in (1, 2)]
    difference = max(float(np.abs(a - b).max()) for a, b in zip(live, found))
    if not difference <= _TOLERANCE:
        raise RunError(
            f"{out}: the exported network differs from the live one by {difference:.2g}; nothing was written"
        )
    write_atomic(out, content)
    return difference


def _exported(network: nn.Module, windows: Tensor) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (windows,),
            input_names=["windows"],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim("windows")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    content: bytes = program.model_proto.SerializeToString()
    return content
