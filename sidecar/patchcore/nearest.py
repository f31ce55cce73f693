"""Nearest neighbours in fixed memory: patches meet the coreset chunk by chunk (S4, section IV)."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 2048
"""Patches at once, S4's number: 16 MB of distances to 2048 members."""


def distances(patches: Tensor, members: Tensor, chunk: int = CHUNK) -> Tensor:
    """Distance of each patch to its nearest member.

    Args:
        patches: (n, features).
        members: (m, features), on the same device.
        chunk: patches at once.

    Returns:
        (n,), >= 0.
    """
    squares = members.square().sum(dim=1)
    found = torch.empty(len(patches), dtype=patches.dtype, device=patches.device)
    for start in range(0, len(patches), chunk):
        some = patches[start : start + chunk]
        nearest = torch.addmm(squares, some, members.T, alpha=-2).amin(dim=1) + some.square().sum(dim=1)
        found[start : start + chunk] = nearest.clamp_(min=0).sqrt_()
    return found
