"""The runs that a run begins with: what they have learnt from must not be what it is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from manifests.errors import RunError

from ..config import Config
from ..data.splits import Divided
from ..patchcore.model import PatchCoreSpec
from ..runs import Run


def check_origins(run: Run, config: Config, divided: Divided) -> None:
    """See that no run whose weights this one takes, or melds, was trained on groups of its validation or test.

    Raises:
        RunError: one was, or there is no such run.
    """
    record = divided.record()
    for origin in _origins(run, config):
        split = origin.split() or {}
        for before, source, side in product(origin.config().data.sources, config.data.sources, ("val", "test")):
            if before.place != source.place or before.name not in split:
                continue
            met = sorted(split[before.name]["train"]["groups"].keys() & record[source.name][side]["groups"].keys())
            if met:
                raise RunError(
                    f"{run.folder}: begins with {origin.folder}, which was trained on {len(met)} groups of source "
                    f"'{source.name}' that are on side '{side}' here, '{met[0]}' among them; give the source the "
                    "name, the 'split' and the seed that it has there"
                )


def _origins(run: Run, config: Config) -> Iterator[Run]:
    """The runs that a run begins with, and those that they began with, where they are still there."""
    first = _named(run, config)
    left, seen = list(first), {run.folder.resolve()}
    while left:
        origin = left.pop()
        if origin.folder.resolve() in seen or (origin not in first and not origin.config_file.exists()):
            continue
        seen.add(origin.folder.resolve())
        yield origin
        left += _named(origin, origin.config())


def _named(run: Run, config: Config) -> list[Run]:
    start = config.training.start_from
    named = [] if start is None else [run.other(start)]
    if isinstance(config.model, PatchCoreSpec):
        named += [run.other(name) for name in config.model.melded]
        features = Path(config.model.weights)
        learnt = Run(features.parent)
        named += [learnt] if features == learnt.features_file and learnt.config_file.exists() else []
    return named
