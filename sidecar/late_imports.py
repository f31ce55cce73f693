"""torchvision and what is built on it: imported where it is needed, because it may not fit the torch that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from manifests.errors import RunError

Made = TypeVar("Made")


def imported(make: Callable[[], Made]) -> Made:
    """What a function gives that imports torchvision or segmentation-models-pytorch.

    Raises:
        RunError: one of them is not installed, or does not fit this torch.
    """
    try:
        return make()
    except ImportError as error:
        raise RunError(f"this needs torchvision and segmentation-models-pytorch: {error}") from None
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        raise RunError(
            "torchvision does not fit this torch; install the one that was built for it, from the same index"
        ) from None
