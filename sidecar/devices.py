"""What a model runs on: what was asked for, or an error; never something slower without a word."""

from __future__ import annotations

import torch

from manifests.errors import RunError


def choose(name: str) -> torch.device:
    """The device of a name; ``auto`` is the first there is of cuda, mps and cpu.

    Raises:
        RunError: there is no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, found in there.items() if found)
    if not there[name]:
        found = ", ".join(kind for kind in there if there[kind])
        raise RunError(f"training.device: there is no {name} here, only {found}")
    return torch.device(name)


def half_precision(device: torch.device) -> torch.dtype:
    """Type of mixed precision: half where gradients can be scaled, else the one with the range of a float."""
    return torch.float16 if device.type == "cuda" else torch.bfloat16
