"""Training: epochs of batches until the loss on validation falls no more; stopped at any moment, it goes on the same.

All that is random in step n follows from the seed and n alone. So the weights after a run that was killed and resumed
are those of a run that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from manifests.errors import DataSetError, RunError
from manifests.sampling import generator

from .. import devices
from ..config import Config, Training
from ..data.classes import Classes, check_shown, classes_of
from ..data.drawing import Draws, Pictures
from ..data.mixing import Passes
from ..data.splits import Divided, check_unchanged, divide
from ..patchcore.model import PatchCoreSpec
from ..prediction.predictor import find_part
from ..runs import Run, load_weights
from . import progress
from .board import Board
from .collect import Collector
from .conclusion import check_judgeable, conclude
from .objectives import NotFinite, Objective, Stepper, objective
from .origins import check_origins

_SAVE_SECONDS = 20.0


@dataclass
class _State:
    """Where training stands between two epochs."""

    epoch: int = 0
    step: int = 0
    best: float | None = None
    """Lowest validation loss, of all."""
    mark: float | None = None
    """Validation loss from which the next gain is measured."""
    waited: int = 0
    """Validations since the last gain."""
    done: bool = False
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


def train(config: Config, folder: Path) -> Run:
    """Train a model, or go on with a run that was stopped; a run that is done is left as it is.

    Raises:
        DataSetError: a source cannot be read, a mask is wrong, or there is nothing to train on.
        RunError: the folder holds another run, its data changed, it begins with a run that was trained on what it is
            judged by, there is no such device, or the loss is not a number.
    """
    run = Run(folder)
    device = devices.choose(config.training.device)
    divided = divide(config.data.sources, config.seed)
    samples = [sample for side in divided.sides.values() for sample in side]
    classes = classes_of(samples, config.data.target, config.data.classes)
    if not divided.sides["train"]:
        raise DataSetError("no source has samples for training; change the sources' 'split'")
    # Called for what it raises.
    Passes(divided.sides["train"], {source.name: source.weight for source in config.data.sources}, config.seed)
    if config.model.TASK == "segmentation" and config.data.target == "defects":
        check_shown(divided.sides, classes, config.data.classes)
    if run.result() is None:
        check_judgeable(config, divided.sides["val"])
        check_origins(run, config, divided)
    # Only now: a mistake that is mended must find the folder free.
    run.begin(config)
    recorded = run.split()
    if recorded is not None:
        check_unchanged(recorded, divided.record(), folder)
    run.write_json(run.split_file, divided.record())
    if run.result() is None:
        if isinstance(config.model, PatchCoreSpec):
            Collector(run, config, divided, classes, device).collect()
        else:
            _Trainer(run, config, divided, classes, device).run()
    return run


class _Trainer:
    def __init__(self, run: Run, config: Config, divided: Divided, classes: Classes, device: torch.device) -> None:
        self._run, self._config, self._divided = run, config, divided
        self._classes, self._device = classes, device
        unet = find_part(config.data.preprocessing, device)
        # A U-Net on a GPU cannot be used in processes that are forked from this one.
        self._workers = 0 if unet else config.training.workers
        supervised = config.model.TASK == "segmentation"
        self._pictures = Pictures(config.data, classes, unet, masks=supervised)
        self._draws = Draws(self._pictures, divided.sides["train"], config.data, config.model.size_px, config.seed)
        _seed(config.seed, "weights", 0)
        network = config.model.build(config.data.preprocessing.inputs).to(device)
        # The channels of a pixel side by side: a step of S3's autoencoders then takes two thirds of the time on a CPU.
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if config.training.start_from is not None:
            origin = run.other(config.training.start_from)
            load_weights(network, origin.load(origin.best_file, device)["network"], origin.best_file, config.model.KIND)
        self._objective: Objective = objective(config.model, network, partial(_optimizer, config.training))
        half = devices.half_precision(device) if config.training.precision == "mixed" else None
        scaler = torch.amp.GradScaler(device.type, enabled=half == torch.float16)
        self._stepper = Stepper(device, half, scaler)
        self._state = _State()
        if run.last_file.exists():
            self._load(run.load(run.last_file, device))
        self._steps = config.training.steps or max(1, -(-self._draws.passes.length // config.training.batch))

    def run(self) -> None:
        training, state = self._config.training, self._state
        last_save = time.monotonic()
        shown = progress.Shown(training.epochs * self._steps, state.step)
        with shown as self._shown, Board(self._run.board_folder, state.epoch) as board:
            while state.epoch < training.epochs and not state.done:
                began = time.monotonic()
                loss = self._epoch()
                state.epoch += 1
                row: dict[str, Any] = {
                    "epoch": state.epoch,
                    "loss": loss,
                    "validation": None,
                    "rate": self._rate(state.step),
                }
                improved = False
                if state.epoch % training.validate_every == 0 or state.epoch == training.epochs:
                    row["validation"] = self._validate(loss)
                    improved = self._judge(row["validation"])
                state.seconds += time.monotonic() - began
                state.history.append(row | {"seconds": round(state.seconds, 3)})
                board.add(row)
                if improved:
                    self._run.save(self._run.best_file, {"network": self._objective.network.state_dict()})
                if time.monotonic() - last_save > _SAVE_SECONDS or state.epoch == 1:
                    self._save()
                    last_save = time.monotonic()
        self._save()
        self._conclude()

    def _epoch(self) -> float:
        """One epoch; the mean loss of its steps."""
        state = self._state
        network = self._objective.network.train()
        total = 0.0
        for images, targets in self._batches():
            _seed(self._config.seed, "step", state.step)
            for optimizer in self._objective.optimizers.values():
                for group in optimizer.param_groups:
                    group["lr"] = self._rate(state.step)
            try:
                loss = self._objective.step(images, targets, self._stepper)
            except NotFinite as error:
                names = dict.fromkeys(self._draws.sample(draw).name for draw in self._draws_of(state.step))
                told = f"step {state.step + 1}, of samples {', '.join(list(names)[:4])}"
                raise self._stopped(f"the loss is {error} at epoch {state.epoch + 1}, {told}") from None
            state.step += 1
            total += loss
            last = state.history[-1]["validation"] if state.history else None
            self._shown.update(state.step, state.epoch + 1, loss, last)
        network.eval()
        if not all(torch.isfinite(weights).all() for weights in network.state_dict().values()):
            raise self._stopped(f"weights are no numbers after epoch {state.epoch + 1}")
        return total / self._steps

    def _draws_of(self, step: int) -> range:
        batch = self._config.training.batch
        return range(step * batch, (step + 1) * batch)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        batch, state = self._config.training.batch, self._state
        draws = range(state.step * batch, (state.step + self._steps) * batch)
        loader = DataLoader(
            self._draws,
            batch_size=batch,
            sampler=draws,
            num_workers=self._workers,
            pin_memory=self._device.type == "cuda",
        )
        for images, targets in loader:
            yield images.to(self._device, non_blocking=True), targets.to(self._device, non_blocking=True)

    def _validate(self, training_loss: float) -> float:
        """Mean loss on the validation side; without one, the loss on training."""
        samples = self._divided.sides["val"]
        if not samples:
            return training_loss
        draws = Draws(self._pictures, samples, self._config.data, self._config.model.size_px, self._config.seed)
        total, count = 0.0, 0
        for images, targets in draws.fixed(self._config.training.batch):
            found = self._objective.validation_loss(images.to(self._device), targets.to(self._device), self._stepper)
            total, count = total + found * len(images), count + len(images)
        if not math.isfinite(total):
            raise self._stopped(f"the validation loss is {total / count} after epoch {self._state.epoch}")
        return total / count

    def _judge(self, validation: float) -> bool:
        """Take note of a validation; whether it is the best so far."""
        state, stopping = self._state, self._config.training.early_stopping
        improved = state.best is None or validation < state.best
        if improved:
            state.best = validation
        if stopping is not None:
            gained = state.mark is None or state.mark - validation > stopping.least_gain * abs(state.mark)
            state.mark, state.waited = (validation, 0) if gained else (state.mark, state.waited + 1)
            state.done = state.waited >= stopping.patience
        return improved

    def _conclude(self) -> None:
        state = self._state
        known = {
            "epochs": state.epoch,
            "steps": state.step,
            "stopped_early": state.done,
            "validation_loss": state.best,
            "training_seconds": round(state.seconds, 3),
        }
        conclude(self._run, self._config, self._divided, self._classes, self._device, known)

    def _rate(self, step: int) -> float:
        training = self._config.training
        factor = training.schedule.factor(step // self._steps, step / (training.epochs * self._steps))
        return training.rate * factor

    def _stopped(self, what: str) -> RunError:
        kept = self._run.last_file if self._run.last_file.exists() else None
        return RunError(
            f"{self._run.folder}: {what}; "
            + (f"the last good checkpoint, {kept}, is kept; " if kept else "there is no good checkpoint yet; ")
            + "lower training.rate and start a new run"
        )

    def _save(self) -> None:
        state = {
            "model": self._config.model.KIND,
            "network": self._objective.network.state_dict(),
            "optimizers": self._objective.state(),
            "scaler": self._stepper.scaler.state_dict(),
            "state": vars(self._state).copy(),
        }
        self._run.save(self._run.last_file, state)
        self._run.write_history(self._state.history)

    def _load(self, saved: dict[str, Any]) -> None:
        load_weights(self._objective.network, saved["network"], self._run.last_file, self._config.model.KIND)
        self._objective.load_state(saved["optimizers"])
        self._stepper.scaler.load_state_dict(saved["scaler"])
        self._state = _State(**saved["state"])


def _optimizer(training: Training, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
    if training.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=training.rate, weight_decay=training.weight_decay)
    return torch.optim.Adam(parameters, lr=training.rate, weight_decay=training.weight_decay)


def _seed(seed: int, what: str, number: int) -> None:
    torch.manual_seed(int(generator(seed, what, number).integers(2**63)))
