"""Training, with real processes: kill -9 and go on; and what is made of a run."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from manifests.errors import DataSetError, ManifestError, RunError
from manifests.fields import from_dict
from sidecar.config import Config, Cosine, Halving
from sidecar.config_files import read_config
from sidecar.evaluation.evaluate import evaluate_run
from sidecar.models.autoencoders import AAE, AAESpec, CAESpec
from sidecar.prediction import predictor
from sidecar.prediction.export import export
from sidecar.prediction.predict import predict
from sidecar.runs import Run
from sidecar.training.objectives import Stepper, objective
from sidecar.training.train import train
from tests.sidecar import pictures
from tests.sidecar.small_runs import command, config, environment, same, small, weights


def test_killed_and_resumed_gives_the_same_weights(tmp_path: Path) -> None:
    """Batches, augmentation, draws of the prior, rate, three optimisers: all go on where they were."""
    root = pictures.folder(tmp_path / "set")
    source = {"kind": "folder", "folder": str(root), "train": 0.5, "val": 0.5, "test": 0}
    model = {"kind": "aae", "size_px": 32, "latent": 8}
    data = {"sources": [source], "augmentation": {"rotation_deg": 20, "noise_variance": 10}}
    training = {"epochs": 30, "steps": 2, "batch": 2, "device": "cpu", "schedule": {"kind": "cosine"}}
    described = small(root, data=data, model=model, training=training)
    whole = train(from_dict(Config, described), tmp_path / "whole").folder

    file, run = tmp_path / "config.json", tmp_path / "killed"
    file.write_text(json.dumps(described))
    process = subprocess.Popen(command("train", file, "--out", run), env=environment(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 600
    while not (run / "last.pt").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (run / "result.json").exists()
    epoch = Run(run).load(run / "last.pt", torch.device("cpu"))["state"]["epoch"]
    assert 0 < epoch < 30

    subprocess.run(command("train", file, "--out", run), env=environment(), check=True, stdout=subprocess.DEVNULL)
    assert same(weights(whole), weights(run))
    assert same(torch.load(whole / "best.pt")["network"], torch.load(run / "best.pt")["network"])
    timeless = [[{k: v for k, v in row.items() if k != "seconds"} for row in history(r)] for r in (whole, run)]
    assert timeless[0] == timeless[1]


def history(run: Path) -> list[dict[str, str]]:
    with (run / "history.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_tensorboard_shows_the_history_and_is_not_needed(
    done: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = EventAccumulator(str(done / "tensorboard")).Reload()
    losses = {str(event.step): event.value for event in board.Scalars("loss")}
    assert losses == pytest.approx({row["epoch"]: float(row["loss"]) for row in history(done)}, rel=1e-6)
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "tensorboard" else find(name))
    training = small(root)["training"] | {"epochs": 1}
    assert not (train(config(root, training=training), tmp_path / "run").folder / "tensorboard").exists()


def test_seed_alone_makes_the_difference(root: Path, tmp_path: Path) -> None:
    runs = [train(config(root, seed=seed), tmp_path / f"run{k}").folder for k, seed in enumerate((1, 1, 2))]
    assert same(weights(runs[0]), weights(runs[1])) and not same(weights(runs[0]), weights(runs[2]))


def test_processes_that_prepare_batches_change_nothing(root: Path, tmp_path: Path) -> None:
    training = small(root)["training"] | {"epochs": 1}
    alone = train(config(root, training=training), tmp_path / "alone").folder
    helped = train(config(root, training=training | {"workers": 2}), tmp_path / "helped").folder
    assert same(weights(alone), weights(helped))


def test_unet_that_finds_the_part_is_asked_by_its_own_process(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU it could not be used by another."""
    unet, home = Run(tmp_path / "unet"), os.getpid()
    found = config(root, model={"kind": "unet", "size_px": 32}, prediction={"windows": {"kind": "whole"}})
    unet.begin(found)
    unet.save(unet.best_file, {"network": found.model.build(1).state_dict()})

    def find_part(*arguments: Any) -> Any:
        find = predictor.find_part(*arguments)

        def at_home(image: Any) -> Any:
            assert find is not None and os.getpid() == home
            return find(image)

        return at_home

    monkeypatch.setattr("sidecar.training.train.find_part", find_part)
    data = small(root)["data"] | {"preprocessing": {"part": {"kind": "unet", "run": str(unet.folder)}}}
    training = small(root)["training"] | {"epochs": 1, "workers": 1}
    assert train(config(root, data=data, training=training), tmp_path / "run").result() is not None


def test_mixed_precision_trains(root: Path, tmp_path: Path) -> None:
    training = small(root)["training"] | {"precision": "mixed"}
    run = train(config(root, training=training), tmp_path / "run").folder
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in weights(run).values())
    full = train(config(root), tmp_path / "full").folder
    assert not same(weights(run), weights(full))


def test_run_learns_and_finds_the_defects(done: Path, root: Path, tmp_path: Path) -> None:
    rows = history(done)
    assert float(rows[-1]["loss"]) < 0.25 * float(rows[0]["loss"])
    found = {one.name: one for one in predict(done, root / "test", tmp_path, None, "cpu")}
    mask = pictures.cv2.imread(str(tmp_path / "masks" / "spot" / "000.png"), pictures.cv2.IMREAD_UNCHANGED)
    truth = pictures.cv2.imread(str(root / "ground_truth" / "spot" / "000_mask.png"), pictures.cv2.IMREAD_UNCHANGED)
    assert mask.shape == truth.shape and set(np.unique(mask)) <= {0, 255}
    assert found["spot/000"].pixels == (mask > 0).sum() and found["spot/000"].highest > 2 * found["good/000"].highest
    assert ((mask > 0) & (truth > 0)).sum() > 0.5 * (truth > 0).sum() and (mask > 0).sum() < 4 * (truth > 0).sum()
    with (tmp_path / "found.csv").open() as stream:
        table = list(csv.DictReader(stream))
    assert [row["name"] for row in table] == ["good/000", "spot/000", "spot/001"]
    maps = pictures.cv2.imread(str(tmp_path / "maps" / "spot" / "000.tif"), pictures.cv2.IMREAD_UNCHANGED)
    assert maps.dtype == np.float32 and maps.max() == pytest.approx(found["spot/000"].highest)


def test_run_that_is_done_is_left_as_it_is(done: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in done.iterdir()}
    train(Run(done).config(), done)
    after = {path.name: path.stat().st_mtime_ns for path in done.iterdir()}
    assert before["last.pt"] == after["last.pt"] and before["result.json"] == after["result.json"]


def test_exported_network_gives_what_the_live_one_gives(done: Path, tmp_path: Path) -> None:
    assert export(done, tmp_path / "model.onnx") < 1e-5
    assert (tmp_path / "model.onnx").stat().st_size > 10_000


def test_export_that_differs_is_refused(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.prediction.export._TOLERANCE", -1.0)
    with pytest.raises(RunError, match=r"differs from the live one by .*; nothing was written"):
        export(done, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_fine_tuning_begins_with_the_weights_of_another_run(done: Path, root: Path, tmp_path: Path) -> None:
    training = {"epochs": 1, "steps": 1, "batch": 8, "rate": 1e-9, "device": "cpu", "start_from": str(done)}
    run = train(config(root, training=training), tmp_path / "tuned").folder
    best = torch.load(done / "best.pt")["network"]
    assert all(torch.allclose(value, best[name], atol=1e-6) for name, value in weights(run).items())
    other = {"kind": "cae", "size_px": 32, "latent": 9}
    with pytest.raises(
        RunError, match=r"best\.pt: is of another model than 'cae': 'lin2\.weight' is \(8, 1024\) there"
    ):
        train(config(root, training=training, model=other), tmp_path / "other")


def test_threshold_is_told_by_what_the_masks_show_and_masks_are_asked_for_before_training(tmp_path: Path) -> None:
    root = pictures.folder(tmp_path / "set")
    for mask in (root / "masks").iterdir():
        pictures.write(mask, np.zeros((48, 48), np.uint8))
    source = {"kind": "folder", "folder": str(root), "train": 0.4, "val": 0.3, "test": 0.3}
    described = small(root, training={"epochs": 1, "steps": 1, "batch": 2, "device": "cpu"})
    unmasked = described | {"data": {"sources": [source | {"masks": None}]}}
    with pytest.raises(DataSetError, match=r"block.*\.png: has no mask, so that no threshold can be chosen on it"):
        train(from_dict(Config, unmasked), tmp_path / "run")
    # Not said to be good, but the masks show that they are.
    run = train(from_dict(Config, described | {"data": {"sources": [source]}}), tmp_path / "run")
    evaluate_run(run.folder, tmp_path / "evaluated", "cpu")
    told = json.loads((tmp_path / "evaluated" / "metrics.json").read_text())["thresholds"]["chosen"]
    assert told == "median of the highest scores of 2 good validation images"
    given = unmasked | {"prediction": described["prediction"] | {"threshold": 0.5}}
    result = train(from_dict(Config, given), tmp_path / "given").result()
    assert result is not None and result["chosen"] == "chosen by the config"


def test_early_stopping_waits_for_its_patience(root: Path, tmp_path: Path) -> None:
    stopping = {"patience": 3, "least_gain": 0.99}
    training = small(root)["training"] | {"epochs": 50, "early_stopping": stopping}
    run = train(config(root, training=training), tmp_path / "run")
    result = run.result()
    assert result is not None and result["stopped_early"] and result["epochs"] == 4


def test_schedules_are_those_of_the_documents() -> None:
    assert [Cosine().factor(0, progress) for progress in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert [Halving(50).factor(epoch, 0) for epoch in (0, 49, 50, 100)] == [1, 1, 0.5, 0.25]


@pytest.mark.parametrize(("spec", "low", "high"), [(AAESpec, -1.5, 1.5), (CAESpec, 2.5, 5.0)])
def test_adversarial_training_moves_the_codes_towards_the_prior(spec: Any, low: float, high: float) -> None:
    """Codes that begin around 3 come to 0 where a critic looks at them, and stay where none does."""
    torch.manual_seed(0)
    network = AAE(1, 16, 4)
    with torch.no_grad():
        network.lin2.bias += 3
    images = torch.rand(16, 1, 16, 16)
    trained = objective(spec(size_px=16, latent=4), network, lambda p: torch.optim.Adam(p, lr=1e-3))
    stepper = Stepper(torch.device("cpu"), None, torch.amp.GradScaler("cpu", enabled=False))
    for _ in range(60):
        trained.step(images, images, stepper)
    assert low < float(network.encode(images).detach().mean()) < high
    clipped = all(float(p.detach().abs().max()) <= 0.01 for p in network.critic.parameters())
    assert clipped == (spec is AAESpec)


def test_device_may_change_in_the_middle_of_a_run(root: Path, tmp_path: Path) -> None:
    run = train(config(root), tmp_path / "run")
    training = small(root)["training"] | {"device": "auto", "workers": 1}
    run.begin(config(root, training=training))


def test_changes_variants_and_scale_are_laid_over_the_config(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    varied = {"variants": {"b": {"model": {"kind": "vae"}, "small": {"training": {"batch": 2}}}}}
    file.write_text(json.dumps(small(tmp_path) | varied | {"small": {"training": {"epochs": 1}}}))
    changes = ["data.sources[0].weight=2.5", "training.early_stopping.patience=3"]
    made = read_config(file, scale="small", variant="b", changes=changes)
    # The other kind of model replaces the first whole; of the training only what is named changes.
    assert (made.name, made.model.KIND, made.model.size_px) == ("small_b", "vae", 128)
    assert (made.training.epochs, made.training.batch, made.training.steps) == (1, 2, 4)
    assert made.data.sources[0].weight == 2.5
    assert made.training.early_stopping is not None and made.training.early_stopping.patience == 3
    for wrong, message in (
        ("training.epochs", "is no change; write training.epochs=3"),
        ("data.sources[4].weight=1", "there is no item 4"),
        ("training.epoch=3", "unknown key; did you mean 'epochs'"),
        ("data.sources.weight=10", r"there is no 'weight' to set; name an item of the list, as in \[0\]\.weight"),
        ("name.x=1", "there is no 'x' to set; what stands before it has no fields"),
    ):
        with pytest.raises(ManifestError, match=message):
            read_config(file, variant="b", changes=[wrong])
    with pytest.raises(ManifestError, match="has variants; choose one of b"):
        read_config(file)


def test_what_is_left_empty_differs_in_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(small(tmp_path) | {"variants": {"plain": None}, "small": None, "stand_in": None}))
    assert read_config(file, scale="small", variant="plain").name == "small_plain"
    for wrong, where in (({"variants": {"plain": 3}}, r"variants\.plain"), ({"small": [1]}, "small")):
        file.write_text(json.dumps(small(tmp_path) | wrong))
        with pytest.raises(ManifestError, match=f"{where}: must be a mapping"):
            read_config(file)


def test_network_that_is_trained_is_in_use_without_dropout(root: Path, tmp_path: Path) -> None:
    training = small(root)["training"] | {"epochs": 1, "steps": 1}
    described = small(root, model={"kind": "deep_cae", "size_px": 32}, training=training)
    network = Run(train(from_dict(Config, described), tmp_path / "run").folder).network(torch.device("cpu"))
    assert not any(module.training for module in network.modules() if isinstance(module, nn.Dropout))
