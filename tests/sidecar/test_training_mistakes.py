"""What is wrong with a run, its data or its config is one line, and nothing good is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from manifests.errors import DataSetError, ManifestError, RunError
from manifests.fields import from_dict
from sidecar.config import Config
from sidecar.config_files import read_config
from sidecar.evaluation.evaluate import evaluate_run
from sidecar.prediction.predict import predict
from sidecar.runs import Run
from sidecar.training.train import train
from tests.sidecar import pictures
from tests.sidecar.small_runs import command, config, environment, small, weights


def test_run_that_is_not_done_says_so(root: Path, tmp_path: Path) -> None:
    Run(tmp_path / "run").begin(config(root))
    for use in (
        lambda: predict(tmp_path / "run", root / "test", tmp_path / "found", None, "cpu"),
        lambda: evaluate_run(tmp_path / "run", tmp_path / "evaluated", "cpu"),
    ):
        with pytest.raises(RunError, match="run: is not done; 'defectory-sidecar train' goes on with it"):
            use()


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


def test_run_of_another_config_is_refused(done: Path, root: Path) -> None:
    with pytest.raises(RunError, match=r"holds a run of another config: training\.epochs is 25 there and 4 here"):
        train(config(root), done)


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
