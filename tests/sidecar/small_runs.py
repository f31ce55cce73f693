"""Runs of seconds on made pictures."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch

from manifests.fields import from_dict
from sidecar.config import Config
from sidecar.runs import Run

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
