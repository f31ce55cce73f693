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
    if torch.compiler.is_exporting():
        # An exported network meets pictures of sizes that are not known yet, and a loop would be unrolled.
        return _nearest(patches, members)
    return torch.cat([_nearest(some, members) for some in torch.split(patches, chunk)])


def _nearest(patches: Tensor, members: Tensor) -> Tensor:
    squares = torch.addmm(members.square().sum(dim=1), patches, members.T, alpha=-2).amin(dim=1)
    return (squares + patches.square().sum(dim=1)).clamp(min=0).sqrt()
