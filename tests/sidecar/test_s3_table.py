"""S3, table 1, at tiny scale: its noise set, its three autoencoders, its way to choose the threshold.

The chess set takes minutes to learn, which no test has; `defectory-sidecar train s3_table1` trains on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sidecar.config_files import RECIPES, read_config
from sidecar.data.classes import classes_of
from sidecar.data.drawing import Pictures
from sidecar.data.splits import divide
from sidecar.prediction.predictor import Predictor
from sidecar.scores import curves
from sidecar.scores.tally import Tally
from sidecar.training.train import train

ROOT = Path(__file__).resolve().parents[2]
TINY = ["data.preprocessing.size_px=[128, 128]", "model.size_px=32", "prediction.windows.stride_px=16"]
TINY += ["training.epochs=1", "training.steps=40", "training.batch=8", "training.rate=2e-3", "training.device=cpu"]


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The noise set as anybody makes it: four images to train on, four with a line."""
    out = tmp_path_factory.mktemp("set") / "noise"
    render = [
        sys.executable,
        "-m",
        "worker.cli",
        "render",
        str(ROOT / "manifests/examples/noise.yaml"),
        "--out",
        str(out),
    ]
    subprocess.run(render, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return out


@pytest.mark.parametrize("kind", ["cae", "vae", "aae"])
def test_noise_set_is_learnt_and_its_lines_are_found(noise: Path, tmp_path: Path, kind: str) -> None:
    recipe = RECIPES / "s3_table1.yaml"
    config = read_config(recipe, scale="small", variant=f"noise_{kind}", folders=[f"noise={noise}"], changes=TINY)
    run = train(config, tmp_path / kind)
    divided = divide(config.data.sources, config.seed)
    assert [len(divided.sides[side]) for side in ("train", "val", "test")] == [4, 0, 4]

    classes = classes_of(divided.sides["test"], "defects", ())
    pictures, tally = Pictures(config.data, classes), Tally(classes.numbers)
    predictor = Predictor(config, run.network(torch.device("cpu")), torch.device("cpu"))
    for sample in divided.sides["test"]:
        prepared = pictures.prepared(sample)
        tally.add(predictor.scores(pictures.input(prepared)), prepared.mask)
    scores = curves.sweep(tally.positive, tally.negative)
    best = int(np.argmax(scores["iou"]))
    # S3 has 0.76 to 0.77 and 0.88 to 0.92; how its lines were drawn it does not say.
    assert scores["iou"][best] > 0.75 and scores["recall"][best] > 0.8
