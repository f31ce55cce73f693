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

from ..runs import Run

_TOLERANCE = 1e-4
"""Largest difference between the exported network and the live one, of 0..1 or of distances about 1: float32 summed in
another order."""


class _Output(nn.Module):
    """What a program that uses the file wants: a reconstruction, or probabilities instead of logits."""

    def __init__(self, network: nn.Module, task: str) -> None:
        super().__init__()
        self.network, self._logits = network, task == "segmentation"

    def forward(self, windows: Tensor) -> Tensor:
        output: Tensor = self.network(windows)
        return torch.sigmoid(output) if self._logits else output


def export(folder: Path, out: Path) -> float:
    """Write a run's network: ``windows`` (N, C, height, width) in 0..1 to ``output``.

    The output are reconstructions, probabilities or, of a PatchCore, anomaly maps. A PatchCore takes pictures of any
    size, whole; any other network takes squares of its ``size_px``.

    Returns:
        Largest difference to the live network, on windows of noise.

    Raises:
        RunError: there is no such run, or the exported network gives something else; then nothing is written.
    """
    run = Run(folder)
    config, device = run.config(), torch.device("cpu")
    network = _Output(run.network(device), config.model.TASK).eval()
    size, whole = config.model.size_px, config.model.TASK == "distance"
    noise = torch.Generator().manual_seed(0)
    traced = torch.rand(2, config.data.preprocessing.inputs, size, size, generator=noise)
    content = _exported(network, traced, whole)
    # What differs from the windows that were traced shows what was frozen into the file.
    others = [traced[:1], *([traced[:, :, 3:, 27:]] if whole else [])]
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    difference = 0.0
    for windows in (traced, *others):
        with torch.no_grad():
            live = network(windows).numpy()
        found = session.run(["output"], {"windows": windows.numpy()})[0]
        apart = float(np.abs(live - found).max()) if found.shape == live.shape else np.inf
        difference = max(difference, apart)
    if not difference <= _TOLERANCE:
        raise RunError(
            f"{out}: the exported network differs from the live one by {difference:.2g}; nothing was written"
        )
    write_atomic(out, content)
    return difference


def _exported(network: nn.Module, windows: Tensor, whole: bool) -> bytes:
    free = {0: torch.export.Dim("windows")}
    if whole:
        free |= {2: torch.export.Dim("height", min=32), 3: torch.export.Dim("width", min=32)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (windows,),
            input_names=["windows"],
            output_names=["output"],
            dynamic_shapes=(free,),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    content: bytes = program.model_proto.SerializeToString()
    return content
