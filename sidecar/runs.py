"""The folder of a run, and the only place that knows what lies in it.

::

    RUN/config.yaml    the config, every field stated
    RUN/split.json     which groups of each source are on which side, and who divided them
    RUN/last.pt        where training stands: weights, optimisers, epoch
    RUN/best.pt        the weights with the lowest validation loss
    RUN/features.pt    weights of the features that a PatchCore learnt by itself, for other runs to share
    RUN/history.csv    losses of each epoch
    RUN/result.json    what came of it, once it is done
    RUN/tensorboard/   losses of each epoch, where TensorBoard is installed

Every file is replaced whole: who reads sees the old one or the new one.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from manifests.errors import ManifestError, RunError
from manifests.fields import from_dict, to_dict
from manifests.files import dump, read_data
from manifests.layout import write_atomic

from .config import Config

_STEADY = ("device", "workers")
"""Fields of ``training`` that may change from one call to the next: they have no say in what comes out."""


class Run:
    """The folder of a run.

    Args:
        folder: it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_file = folder / "config.yaml"
        self.split_file = folder / "split.json"
        self.last_file = folder / "last.pt"
        self.best_file = folder / "best.pt"
        self.features_file = folder / "features.pt"
        self.history_file = folder / "history.csv"
        self.result_file = folder / "result.json"
        self.board_folder = folder / "tensorboard"

    def other(self, name: str) -> Run:
        """Another run: of a folder, or of a bare name the one beside this."""
        return Run(self.folder.parent / name if Path(name).name == name else Path(name))

    def config(self) -> Config:
        """Its config.

        Raises:
            RunError: there is no run, or its config is not one of this version.
        """
        if not self.config_file.exists():
            raise RunError(f"{self.folder}: is no run; 'defectory-sidecar train CONFIG --out {self.folder}' makes one")
        try:
            return from_dict(Config, read_data(self.config_file))
        except ManifestError as error:
            raise RunError(f"{self.config_file}: {error}") from None

    def begin(self, config: Config) -> None:
        """Write the config, or see that the run that is there has the same one.

        Raises:
            RunError: the folder holds a run of another config, or something else.
        """
        if self.config_file.exists():
            difference = _difference(to_dict(_steady(self.config())), to_dict(_steady(config)))
            if difference:
                raise RunError(f"{self.folder}: holds a run of another config: {difference}; choose another --out")
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise RunError(f"{self.folder}: is not empty and holds no run; choose another --out")
        write_atomic(self.config_file, dump(to_dict(config)).encode())

    def split(self) -> dict[str, Any] | None:
        """What was recorded of the split; None before it was."""
        return self._json(self.split_file)

    def result(self) -> dict[str, Any] | None:
        """What came of the run; None before it is done."""
        return self._json(self.result_file)

    def finished(self) -> dict[str, Any]:
        """What came of the run.

        Raises:
            RunError: it is not done.
        """
        result = self.result()
        if result is None:
            raise RunError(f"{self.folder}: is not done; 'defectory-sidecar train' goes on with it")
        return result

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write history.csv: a row for each epoch, all with the same fields; no file before the first."""
        if not rows:
            return
        table = io.StringIO()
        writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.history_file, table.getvalue().encode())

    def history(self) -> list[dict[str, str]]:
        """A row for each epoch, as ``history.csv`` has them; none before the first."""
        if not self.history_file.exists():
            return []
        with self.history_file.open(newline="") as stream:
            return list(csv.DictReader(stream))

    def text(self) -> str:
        """One line for a person on what came of it."""
        result = self.result()
        if result is None:
            return f"{self.folder}: not done"
        stopped = ", stopped early" if result["stopped_early"] else ""
        took = f"{result['training_seconds']:.0f} s on {result['device']}"
        loss = "" if result["validation_loss"] is None else f", validation loss {result['validation_loss']:.5g}"
        return f"{self.folder}: {result['epochs']} epochs in {took}{stopped}{loss}"

    def write_json(self, path: Path, data: Any) -> None:
        write_atomic(path, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())

    def save(self, path: Path, state: dict[str, Any]) -> None:
        """Write a checkpoint."""
        content = io.BytesIO()
        torch.save(state, content)
        write_atomic(path, content.getvalue())

    def load(self, path: Path, device: torch.device) -> dict[str, Any]:
        """Read a checkpoint.

        Raises:
            RunError: there is none, or it is damaged.
        """
        if not path.exists():
            raise RunError(f"{path}: is missing; the run has not come that far")
        try:
            state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        except Exception as error:
            raise RunError(f"{path}: is no checkpoint, or a damaged one: {error}") from None
        return state

    def network(self, device: torch.device) -> nn.Module:
        """The trained network, best weights, in evaluation mode.

        Raises:
            RunError: there is no run, it has no weights yet, or they are of another model.
        """
        config = self.config()
        network = config.model.build(config.data.preprocessing.inputs).to(device)
        load_weights(network, self.load(self.best_file, device)["network"], self.best_file, config.model.KIND)
        return network.eval()

    def _json(self, path: Path) -> dict[str, Any] | None:
        if not path.exists():
            return None
        try:
            data: dict[str, Any] = json.loads(path.read_bytes())
        except ValueError:
            raise RunError(f"{path}: is damaged") from None
        return data


def load_weights(network: nn.Module, weights: dict[str, Any], path: Path, kind: str) -> None:
    """Give a network its weights.

    Raises:
        RunError: they are of another model.
    """
    own = {name: value.shape for name, value in network.state_dict().items()}
    other = {name: value.shape for name, value in weights.items()}
    if own != other:
        name = next(name for name in [*own, *other] if own.get(name) != other.get(name))
        sizes = [tuple(shapes[name]) if name in shapes else "nothing" for shapes in (other, own)]
        raise RunError(f"{path}: is of another model than '{kind}': '{name}' is {sizes[0]} there and {sizes[1]} here")
    network.load_state_dict(weights)


def _steady(config: Config) -> Config:
    default = type(config.training)()
    same = dataclasses.replace(config.training, **{name: getattr(default, name) for name in _STEADY})
    return dataclasses.replace(config, training=same)


def _difference(before: Any, after: Any, path: str = "") -> str:
    """The first field in which plain data differ, with both values; empty where none does."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            found = _difference(before.get(key), after.get(key), f"{path}.{key}" if path else key)
            if found:
                return found
        return ""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return next(
            filter(None, (_difference(b, a, f"{path}[{k}]") for k, (b, a) in enumerate(zip(before, after)))), ""
        )
    return "" if before == after else f"{path} is {before} there and {after} here"
