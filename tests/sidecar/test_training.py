"""Training, with real processes: kill -9 and go on, NaN losses, wrong checkpoints; and what is made of a run."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
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

ROOT = Path(__file__).resolve().parents[2]


def small(root: Path, **changes: Any) -> dict[str, Any]:
    """A run of seconds on MVTec AD's layout."""
    return {
        "name": "small",
        "seed": 7,
        "data": {"sources": [{"kind": "mvtec", "folder": str(root), "split": "given", "val": 0.25}]},
        "model": {"kind": "cae", "size_px": 32, "latent": 8},
        "training": {"epochs": 4, "steps": 4, "batch": 4, "device": "cpu"},
        "prediction": {"windows": {"kind": "sliding", "stride_px": 8}},
    } | changes


def config(root: Path, **changes: Any) -> Config:
    return from_dict(Config, small(root, **changes))


def weights(run: Path) -> dict[str, torch.Tensor]:
    network: dict[str, torch.Tensor] = Run(run).load(run / "last.pt", torch.device("cpu"))["network"]
    return network


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sidecar.cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.mvtec(tmp_path_factory.mktemp("mvtec"))


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is done, long enough to have learnt the stripes."""
    changed = {"training": {"epochs": 25, "steps": 10, "batch": 8, "rate": 3e-3, "device": "cpu"}}
    return train(config(root, **changed), tmp_path_factory.mktemp("runs") / "done").folder


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


def test_run_that_is_not_done_says_so(root: Path, tmp_path: Path) -> None:
    Run(tmp_path / "run").begin(config(root))
    for use in (
        lambda: predict(tmp_path / "run", root / "test", tmp_path / "found", None, "cpu"),
        lambda: evaluate_run(tmp_path / "run", tmp_path / "evaluated", "cpu"),
    ):
        with pytest.raises(RunError, match="run: is not done; 'defectory-sidecar train' goes on with it"):
            use()


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


def test_run_is_not_judged_by_what_those_it_begins_with_were_trained_on(tmp_path: Path) -> None:
    root = str(pictures.folder(tmp_path / "set"))
    source = {"kind": "folder", "folder": root, "masks": None, "good": True, "train": 0.5, "val": 0, "test": 0.5}
    training = {"epochs": 1, "steps": 1, "batch": 2, "device": "cpu"}
    described = small(tmp_path, data={"sources": [source]}, training=training)
    train(from_dict(Config, described), tmp_path / "first")
    other = source | {"folder": str(pictures.folder(tmp_path / "other"))}
    described |= {"data": {"sources": [other]}, "training": training | {"start_from": "first"}}
    train(from_dict(Config, described), tmp_path / "second")
    # A third by way of the second, and with another name and another path, and so another split, of the first's images.
    described["data"] = {"sources": [source | {"name": "again", "folder": f"{root}/../set"}]}
    for before in ("first", "second"):
        described["training"] = training | {"start_from": before}
        with pytest.raises(RunError, match=r"begins with .*first, which was trained on . groups of source 'again'"):
            train(from_dict(Config, described), tmp_path / "third")
    # The features that a PatchCore learnt are weights, too.
    of_features = {"model": {"kind": "patchcore", "weights": str(tmp_path / "first" / "features.pt")}}
    with pytest.raises(RunError, match=r"begins with .*first, which was trained on . groups of source 'again'"):
        train(from_dict(Config, described | of_features | {"training": training}), tmp_path / "third")
    assert not (tmp_path / "third").exists()
    shutil.rmtree(tmp_path / "first")
    train(Run(tmp_path / "second").config(), tmp_path / "second")


def test_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(config(root), run)
    good = weights(run)
    (run / "result.json").unlink()
    saved = torch.load(run / "last.pt")
    # As if the weights had just gone out of bounds in the middle of a longer training.
    saved["state"] |= {"epoch": 2, "step": 8, "history": saved["state"]["history"][:2]}
    saved["network"]["lin1.weight"][0, 0] = float("nan")
    torch.save(saved, run / "last.pt")
    before = (run / "last.pt").read_bytes(), (run / "best.pt").read_bytes()
    with pytest.raises(RunError) as raised:
        train(config(root), run)
    assert "the loss is nan at epoch 3, step 9, of samples train/good/0" in str(raised.value)
    assert "the last good checkpoint" in str(raised.value) and "lower training.rate" in str(raised.value)
    assert before == ((run / "last.pt").read_bytes(), (run / "best.pt").read_bytes())
    assert all(value.isfinite().all() for value in good.values())


def test_nan_in_a_command_is_one_line_and_exit_code_2(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(small(root)))
    call = command("train", file, "--out", tmp_path / "run", "--set", "training.rate=1e30")
    ended = subprocess.run(call, env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1 and "error: " in ended.stderr and "the loss is " in ended.stderr


def test_weights_that_the_last_step_broke_are_not_kept(root: Path, tmp_path: Path) -> None:
    training = small(root)["training"] | {"epochs": 1, "steps": 1, "rate": 1e30}
    with pytest.raises(RunError, match=r"run: (the validation loss is|weights are no numbers).*no good checkpoint yet"):
        train(config(root, training=training), tmp_path / "run")
    assert not (tmp_path / "run" / "best.pt").exists() and not (tmp_path / "run" / "last.pt").exists()


def test_a_mistake_leaves_the_folder_free(root: Path, tmp_path: Path) -> None:
    (source,) = small(root)["data"]["sources"]
    with pytest.raises(DataSetError, match="no source has samples for training"):
        train(config(root, data={"sources": [source | {"weight": 0}]}), tmp_path / "run")
    assert train(config(root), tmp_path / "run").result() is not None


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


def test_run_of_another_config_is_refused(done: Path, root: Path) -> None:
    with pytest.raises(RunError, match=r"holds a run of another config: training\.epochs is 25 there and 4 here"):
        train(config(root), done)


def test_device_may_change_in_the_middle_of_a_run(root: Path, tmp_path: Path) -> None:
    run = train(config(root), tmp_path / "run")
    training = small(root)["training"] | {"device": "auto", "workers": 1}
    run.begin(config(root, training=training))


def test_folder_of_something_else_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty and holds no run"):
        train(config(root), tmp_path)


def test_pictures_that_came_later_are_noticed(tmp_path: Path) -> None:
    root = pictures.mvtec(tmp_path / "set")
    run = train(config(root), tmp_path / "run").folder
    pictures.write(root / "train" / "good" / "new.png", pictures.surface())
    with pytest.raises(RunError, match="the split of source 'data' changed since the run began"):
        train(config(root), run)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_device_that_is_not_there_is_refused(root: Path, tmp_path: Path) -> None:
    training = small(root)["training"] | {"device": "cuda"}
    with pytest.raises(RunError, match=r"training\.device: there is no cuda here, only .*cpu"):
        train(config(root, training=training), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modle": {}}, "modle: unknown key; did you mean 'model'"),
        ({"model": {"kind": "gan"}}, r"model\.kind: must be one of .*, got 'gan'"),
        ({"model": {"kind": "cae", "size_px": 40}}, r"model\.size_px: must be a multiple of 16, got 40"),
        ({"training": {"rate": -1}}, r"training\.rate: must be > 0, got -1"),
        ({"prediction": {"windows": {"kind": "whole"}}}, r"prediction\.windows: 'cae' needs sliding or mirrored"),
        ({"data": {"sources": []}}, r"data\.sources: must have one source at least"),
        ({"model": {"kind": "deep_cae", "size_px": 100}}, r"model\.size_px: must be a multiple of 16, got 100"),
        (
            {"model": {"kind": "unet", "size_px": 32}, "prediction": {"windows": {"kind": "whole", "multiple_px": 8}}},
            r"prediction\.windows\.multiple_px: must be a multiple of 16 for 'unet', got 8",
        ),
        ({"prediction": {}, "model": {"kind": "cae", "size_px": 16}}, r"windows\.stride_px: must be <= 16, .*; got 30"),
        (
            {"data": {"sources": [{"kind": "mvtec", "folder": "."}], "crop": {"kind": "tile", "margin_px": 16}}},
            r"data\.crop\.margin_px: leaves nothing of the model's input of 32 px",
        ),
        (
            {"data": {"sources": [{"kind": "mvtec", "folder": "."}], "preprocessing": {"channels": 2}}},
            r"preprocessing\.channels: must be one of 1, 3, got 2",
        ),
    ],
)
def test_wrong_config_is_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(small(tmp_path, **changes)))
    with pytest.raises(ManifestError, match=message):
        read_config(file)


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
