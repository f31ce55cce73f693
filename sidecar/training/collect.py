"""Building a PatchCore: weights of the features first, then epochs over good pictures until the coreset stays (S4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from manifests.errors import DataSetError, RunError

from ..config import Config
from ..data.classes import Classes
from ..data.drawing import Draws, Pictures
from ..data.splits import Divided
from ..patchcore.coreset import SequentialCoreset, greedy
from ..patchcore.features import STRIDE_PX, download_weights, state
from ..patchcore.features import load_weights as load_features
from ..patchcore.model import PatchCoreSpec
from ..patchcore.pretext import learn
from ..prediction.predictor import find_part
from ..runs import Run, load_weights
from .conclusion import conclude
from .meld_coresets import melded


class Collector:
    """A PatchCore in the making; stopped at any moment, it goes on at the last whole epoch, with the same result.

    Args:
        run, config, divided, classes, device: as training has them; ``config.model`` is a PatchCoreSpec.

    Raises:
        DataSetError: there is no good picture to collect from.
    """

    def __init__(self, run: Run, config: Config, divided: Divided, classes: Classes, device: torch.device) -> None:
        assert isinstance(config.model, PatchCoreSpec)
        self._spec: PatchCoreSpec = config.model
        self._run, self._config, self._divided, self._classes = run, config, divided, classes
        self._device = device
        good = [sample for sample in divided.sides["train"] if sample.good]
        if not good:
            raise DataSetError("no source has good pictures for training; change the sources' 'split'")
        pictures = Pictures(config.data, classes, find_part(config.data.preprocessing, device), masks=False)
        self._draws = Draws(pictures, good, config.data, self._spec.size_px, config.seed)
        torch.manual_seed(config.seed)
        self._model = self._spec.build(config.data.preprocessing.inputs).to(device).eval()
        self._state: dict[str, Any] = {"weights": "", "epoch": 0, "seconds": 0.0, "history": []}

    def collect(self) -> None:
        """Build it, and write what came of it."""
        if self._spec.melded:
            self._meld()
        else:
            self._gather()
        history = self._state["history"]
        self._run.save(self._run.best_file, {"network": self._model.state_dict()})
        known = {
            "epochs": self._state["epoch"],
            "steps": self._state["epoch"] * self._draws.passes.length,
            "stopped_early": history[-1]["new"] == 0,
            "validation_loss": None,
            "training_seconds": round(self._state["seconds"], 3),
            "weights": self._state["weights"],
        }
        conclude(self._run, self._config, self._divided, self._classes, self._device, known)

    def _meld(self) -> None:
        began = time.monotonic()
        runs = [self._run.other(name) for name in self._spec.melded]
        first, members = melded(runs, self._spec.coreset, self._device)
        self._model.extractor.load_state_dict(first.extractor.state_dict())
        self._keep(members)
        self._state |= {
            "weights": (runs[0].result() or {}).get("weights"),
            "epoch": 1,
            "history": [{"epoch": 1, "new": len(members)}],
        }
        self._save(time.monotonic() - began)

    def _gather(self) -> None:
        if self._run.last_file.exists():
            saved = self._run.load(self._run.last_file, self._device)
            load_weights(self._model, saved["network"], self._run.last_file, self._spec.KIND)
            self._state = saved["state"]
        else:
            began = time.monotonic()
            self._state["weights"] = self._prepare()
            self._save(time.monotonic() - began)
        history = self._state["history"]
        while self._state["epoch"] < self._epochs and not (history and history[-1]["new"] == 0):
            began = time.monotonic()
            new = self._epoch()
            self._state["epoch"] += 1
            history.append({"epoch": self._state["epoch"], "new": new})
            print(f"epoch {self._state['epoch']}: {new:,} new members of {self._spec.coreset:,}", flush=True)
            self._save(time.monotonic() - began)

    @property
    def _epochs(self) -> int:
        return self._config.training.epochs if self._spec.method == "sequential" else 1

    def _prepare(self) -> str:
        """Weights of the features, and of a run to begin with the coreset; says where they come from."""
        origin = self._config.training.start_from
        if origin is not None:
            before = self._run.other(origin)
            weights = before.load(before.best_file, self._device)["network"]
            load_weights(self._model, weights, before.best_file, self._spec.KIND)
            return f"run {origin}"
        chosen = self._spec.weights
        if chosen in ("auto", "imagenet"):
            try:
                download_weights(self._model.extractor)
                return "imagenet"
            except RunError as error:
                if chosen == "imagenet":
                    raise
                print(f"{error}: learning them from the training images instead", flush=True)
        elif chosen != "self":
            load_features(self._model.extractor, Path(chosen))
            return chosen
        learn(self._model.extractor, self._random_picture, self._spec.self_steps, self._config.seed, self._tell)
        self._run.save(self._run.features_file, state(self._model.extractor))
        return "self"

    def _random_picture(self, random: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
        picture, _ = self._draws.whole(int(random.integers(self._draws.passes.length)))
        rgb: np.ndarray[Any, np.dtype[np.float32]] = picture.expand(3, -1, -1).numpy()
        return rgb

    def _tell(self, step: int, loss: float) -> None:
        if step % 20 == 0 or step == self._spec.self_steps:
            print(f"features: {step} of {self._spec.self_steps} steps, loss {loss:.4g}", flush=True)

    def _epoch(self) -> int:
        """One pass over the good pictures; the number of members that are new."""
        if self._spec.method == "greedy":
            everything = np.concatenate(list(self._patches(0)))
            size = min(self._spec.coreset, len(everything))
            self._keep(everything[greedy(everything, size)])
            return size
        coreset = SequentialCoreset(self._spec.coreset, self._model.members.shape[1])
        began = self._state["epoch"] > 0 or self._config.training.start_from is not None
        if began:
            coreset.add(self._model.members.cpu().numpy())
        new = sum(coreset.add(patches) for patches in self._patches(self._state["epoch"]))
        self._keep(coreset.members)
        return new

    def _keep(self, members: np.ndarray[Any, Any]) -> None:
        # Where the pictures have fewer patches than the coreset has places, members stand twice: no distance changes.
        filled = members[np.arange(self._spec.coreset) % len(members)]
        self._model.members = torch.from_numpy(filled.astype(np.float32)).to(self._device)

    @torch.no_grad()
    def _patches(self, epoch: int) -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
        """Patches of one picture after the other, those on the part alone."""
        length = self._draws.passes.length
        for draw in range(epoch * length, (epoch + 1) * length):
            picture, part = self._draws.whole(draw)
            patches = self._model.patches(picture.to(self._device))
            kept = _near(part, patches.shape[1:])
            yield patches[:, kept.to(self._device)].T.cpu().numpy()

    def _save(self, seconds: float) -> None:
        self._state["seconds"] += seconds
        saved = {"model": self._spec.KIND, "network": self._model.state_dict(), "state": self._state}
        self._run.save(self._run.last_file, saved)
        self._run.write_history(self._state["history"])


def _near(part: Tensor, grid: torch.Size) -> Tensor:
    """Which patches describe pixels of the part: (h, w) to (rows, columns) bool."""
    filled = F.pad((part > 0).float()[None], (0, -part.shape[1] % STRIDE_PX, 0, -part.shape[0] % STRIDE_PX))
    near: Tensor = F.max_pool2d(filled, STRIDE_PX + 1, STRIDE_PX, STRIDE_PX // 2)[0] > 0
    # The last corner lies half a cell beyond what the pooling reaches.
    return F.pad(near.float(), (0, grid[1] - near.shape[1], 0, grid[0] - near.shape[0])) > 0
