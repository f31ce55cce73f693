"""Fast parsing of numbers in text files."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray


def parse_numbers(text: bytes) -> NDArray[np.float64]:
    """All numbers of a text separated by white space, as (n,) float64.

    Raises:
        ValueError: something in it is no number.
    """
    if not text.strip():
        return np.empty(0)
    with warnings.catch_warnings():
        # numpy announces unreadable text by a deprecation warning, in later versions by ValueError itself.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            return np.fromstring(text.decode("ascii"), dtype=np.float64, sep=" ")
        except (DeprecationWarning, UnicodeDecodeError) as problem:
            raise ValueError(str(problem)) from None
