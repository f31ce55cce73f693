"""What the tests of the sidecar rely on."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from sidecar.training.train import train
from tests.sidecar import pictures
from tests.sidecar.small_runs import config


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Sums in one order, so that results repeat; and the machines of CI are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def torchvision() -> ModuleType:
    """torchvision, for the tests of what is built on it.

    The one of the package index is built for CUDA. Beside a torch for CPUs its compiled operators do not load, and the
    import stops where it registers shapes for one of them. No model here uses that operator: a schema is enough.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.mvtec(tmp_path_factory.mktemp("mvtec"))


@pytest.fixture(scope="session")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is done, long enough to have learnt the stripes."""
    changed = {"training": {"epochs": 25, "steps": 10, "batch": 8, "rate": 3e-3, "device": "cpu"}}
    return train(config(root, **changed), tmp_path_factory.mktemp("runs") / "done").folder
