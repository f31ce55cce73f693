"""The command ``coreset meld``: a run whose coreset is melded from those of others (S4, section IV)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from manifests.errors import RunError

from .. import devices
from ..data.classes import classes_of
from ..data.splits import divide
from ..runs import Run
from ..training.conclusion import conclude
from .coreset import meld
from .model import PatchCore


def meld_runs(folders: Sequence[Path], out: Path, device: str) -> Run:
    """Meld the coresets of runs into a new run, which has the first one's config, data and weights of the features.

    Raises:
        RunError: a folder is no finished PatchCore run, the runs see other features, or ``out`` holds another run.
    """
    if len(folders) < 2:
        raise RunError("melding takes two runs at least")
    where, runs = devices.choose(device), [Run(folder) for folder in folders]
    networks = [_patchcore(run, where) for run in runs]
    for run, network in zip(runs[1:], networks[1:]):
        if not _same(networks[0], network):
            raise RunError(
                f"{run.folder}: its features have other weights than those of {runs[0].folder}; train it with "
                f"--set model.weights={runs[0].features_file}"
            )
    began = time.monotonic()
    first = runs[0].config()
    config = dataclasses.replace(
        first, name=out.name, title=f"Melded from {', '.join(run.folder.name for run in runs)}"
    )
    run = Run(out)
    run.begin(config)
    members = meld([network.members.cpu().numpy() for network in networks], len(networks[0].members))
    networks[0].members = torch.from_numpy(members)
    run.save(run.best_file, {"network": networks[0].state_dict()})
    divided = divide(config.data.sources, config.seed)
    samples = [sample for side in divided.sides.values() for sample in side]
    classes = classes_of(samples, config.data.target, config.data.classes)
    run.write_json(run.split_file, divided.record())
    known = {
        "epochs": 1,
        "steps": len(runs),
        "stopped_early": False,
        "validation_loss": None,
        "training_seconds": round(time.monotonic() - began, 3),
        "weights": (runs[0].result() or {}).get("weights"),
    }
    conclude(run, config, divided, classes, where, known)
    return run


def _patchcore(run: Run, device: torch.device) -> PatchCore:
    network = run.network(device)
    if not isinstance(network, PatchCore):
        raise RunError(f"{run.folder}: is no run of a patchcore, but of '{run.config().model.KIND}'")
    return network


def _same(one: PatchCore, other: PatchCore) -> bool:
    weights = zip(one.extractor.state_dict().values(), other.extractor.state_dict().values())
    return all(torch.equal(a, b) for a, b in weights)
