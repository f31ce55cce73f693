"""One coreset of those of several runs (S4, section IV)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from manifests.errors import RunError

from ..patchcore.coreset import Vectors, meld
from ..patchcore.model import PatchCore
from ..runs import Run


def melded(runs: Sequence[Run], size: int, device: torch.device) -> tuple[PatchCore, Vectors]:
    """Meld the coresets of runs.

    Returns:
        The first run's network, and (size, features) members: the first run's, widened by those of the others.

    Raises:
        RunError: a folder is no finished PatchCore run, or the runs see other features.
    """
    networks = [_patchcore(run, device) for run in runs]
    for run, network in zip(runs[1:], networks[1:]):
        if not _same(networks[0], network):
            raise RunError(
                f"{run.folder}: its features have other weights than those of {runs[0].folder}; train it with "
                f"--set model.weights={runs[0].features_file}"
            )
    return networks[0], meld([network.members.cpu().numpy() for network in networks], size)


def _patchcore(run: Run, device: torch.device) -> PatchCore:
    network = run.network(device)
    if not isinstance(network, PatchCore):
        raise RunError(f"{run.folder}: is no run of a patchcore, but of '{run.config().model.KIND}'")
    return network


def _same(one: PatchCore, other: PatchCore) -> bool:
    weights = zip(one.extractor.state_dict().values(), other.extractor.state_dict().values())
    return all(torch.equal(a, b) for a, b in weights)
