"""The command ``coreset meld``: a run that melds the coresets of others, on the data of the first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from manifests.errors import RunError

from ..patchcore.model import PatchCoreSpec
from ..runs import Run
from .train import train


def meld_runs(folders: Sequence[Path], out: Path, device: Any) -> Run:
    """Meld the coresets of runs into a new run, which has the first one's config, data and features.

    Raises:
        RunError: a folder is no finished PatchCore run, the runs see other features, or ``out`` holds another run.
    """
    if len(folders) < 2:
        raise RunError("melding takes two runs at least")
    first = Run(folders[0]).config()
    if not isinstance(first.model, PatchCoreSpec):
        raise RunError(f"{folders[0]}: is no run of a patchcore, but of '{first.model.KIND}'")
    config = dataclasses.replace(
        first,
        name=out.name,
        title=f"Melded from {', '.join(folder.name for folder in folders)}",
        model=dataclasses.replace(first.model, melded=tuple(str(folder.absolute()) for folder in folders)),
        training=dataclasses.replace(first.training, device=device, start_from=None),
        published=(),
    )
    return train(config, out)
