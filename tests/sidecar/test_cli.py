"""The command ``defectory-sidecar``, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sidecar.cli import main
from tests.sidecar import pictures


def test_help_leaves_torch_out() -> None:
    code = "import sidecar.cli, sys; print([m for m in ('bpy', 'torch', 'worker') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_command_is_one_line() -> None:
    command = [sys.executable, "-m", "sidecar.cli", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "defectory-sidecar: error: No such command 'nonsense'; see 'defectory-sidecar --help'\n"


def described(root: Path) -> dict[str, Any]:
    """A U-Net on a folder of six pictures, every other one with a defect: what each mistake below is made in."""
    split = {"split": "counts", "train": 4, "val": 2, "test": 0}
    return {
        "name": "wrong",
        "data": {"sources": [{"kind": "folder", "folder": str(root), **split}]},
        "model": {"kind": "unet", "size_px": 32},
        "training": {"epochs": 1, "steps": 1, "batch": 1, "device": "cpu"},
        "prediction": {"windows": {"kind": "whole"}},
    }


def _no_images(root: Path, config: dict[str, Any]) -> None:
    for image in (root / "images").iterdir():
        image.unlink()


def _no_mask(root: Path, config: dict[str, Any]) -> None:
    (root / "masks" / "block1_1.png").unlink()


def _mask_of_another_size(root: Path, config: dict[str, Any]) -> None:
    for mask in (root / "masks").iterdir():
        pictures.write(mask, np.ones((40, 48), np.uint8))


def _unknown_label(root: Path, config: dict[str, Any]) -> None:
    for mask in (root / "masks").iterdir():
        pictures.write(mask, np.full((48, 48), 7, np.uint8))


def _unknown_key(root: Path, config: dict[str, Any]) -> None:
    config["training"]["epoch"] = 3


def _loss_that_is_no_number(root: Path, config: dict[str, Any]) -> None:
    config["training"] |= {"steps": 4, "rate": 1e30}


def _class_absent_from_a_side(root: Path, config: dict[str, Any]) -> None:
    for mask in (root / "masks").glob("block*_1.png"):
        pictures.write(mask, np.ones((48, 48), np.uint8) * (mask.stem == "block0_1"))
    config["data"]["classes"] = ["defect"]


def _weight_that_leaves_nothing(root: Path, config: dict[str, Any]) -> None:
    config["data"]["sources"][0]["weight"] = 0.1


def _no_folder(root: Path, config: dict[str, Any]) -> None:
    config["data"]["sources"][0]["folder"] = "nowhere"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_images, "there are no images in"),
        (_no_mask, "image 'block1_1' has no mask in"),
        (_mask_of_another_size, "is 48 x 40 px, but its picture"),
        (_unknown_label, "has label 7; known are 0, 1 (or 255)"),
        (_unknown_key, "training.epoch: unknown key; did you mean 'epochs'"),
        (_loss_that_is_no_number, "the loss is "),
        (_class_absent_from_a_side, "has no sample that shows defect; change the sources' 'split'"),
        (_weight_that_leaves_nothing, "the sources' weights leave no sample of 4 to train on; raise a 'weight'"),
        (_no_folder, "there is no folder nowhere; give one with --data data=FOLDER"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    spoil: Callable[[Path, dict[str, Any]], None], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = pictures.folder(tmp_path / "set")
    config = described(root)
    spoil(root, config)
    (tmp_path / "config.json").write_text(json.dumps(config))
    fails(["train", tmp_path / "config.json", "--out", tmp_path / "run"], said, capsys)


def test_checkpoint_of_another_model_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, file, run = pictures.folder(tmp_path / "set"), tmp_path / "config.json", tmp_path / "run"
    config = described(root)
    config["data"]["sources"][0] |= {"split": "test"}
    config["data"]["sources"].append({"kind": "folder", "name": "b", "folder": str(root), "split": "train"})
    file.write_text(json.dumps(config))
    with pytest.raises(SystemExit) as ended:
        main(["train", str(file), "--out", str(run)])
    assert ended.value.code == 0
    capsys.readouterr()
    torch.save({"network": {"weight": torch.ones(3)}}, run / "best.pt")
    fails(["evaluate", run, "--device", "cpu"], "best.pt: is of another model than 'unet'", capsys)
    (run / "best.pt").write_bytes(b"torn")
    fails(
        ["predict", run, root / "images", "--threshold", "0.5"], "best.pt: is no checkpoint, or a damaged one", capsys
    )


def fails(arguments: list[object], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """See that a call ends in exit code 2 and one line that says so."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert line.startswith("defectory-sidecar: error: ") and line.count("\n") == 1 and said in line
