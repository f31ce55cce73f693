"""Losses for TensorBoard, where that package is installed; ``history.csv`` has the same numbers without it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_SHOWN = ("loss", "validation", "rate")


class Board:
    """Writes a point for each epoch; does nothing where TensorBoard is not installed.

    Args:
        folder: of the event files.
        epoch: up to which training has come; what an earlier process wrote beyond it is not shown any more.
    """

    def __init__(self, folder: Path, epoch: int) -> None:
        self._writer: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=epoch + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, row: Mapping[str, Any]) -> None:
        """A row of the history, with its ``epoch``; what it has no number for is left out."""
        if self._writer is not None:
            for name in _SHOWN:
                if row[name] is not None:
                    self._writer.add_scalar(name, row[name], row["epoch"])
