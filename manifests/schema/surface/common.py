"""Fields that several surfaces have."""

from __future__ import annotations

from typing import Any

from ...errors import ManifestError
from ...fields import field, join
from ..vectors import Vector

ALUMINIUM, STEEL = (0.91, 0.92, 0.92), (0.56, 0.57, 0.58)
"""Linear RGB that polished metal reflects straight on."""


def metal(default: tuple[float, float, float]) -> Any:
    return field("Linear RGB that the bare metal reflects straight on.", default, low=0.0, high=1.0, driven=True)


def rough(default: float) -> Any:
    return field(
        "Roughness of the Principled shader: of all relief that is finer than the pattern.",
        default,
        low=0.0,
        high=1.0,
        driven=True,
    )


def spread(default: float) -> Any:
    return field(
        "How much wider the finest relief spreads light across the pattern than along it; 0: alike.",
        default,
        low=0.0,
        high=1.0,
        driven=True,
    )


def uneven(default: float) -> Any:
    return field(
        "How much spacing and depth vary from line to line; 0: not at all.", default, low=0.0, high=1.0, driven=True
    )


def size(doc: str, default: float) -> Any:
    return field(doc, default, above=0.0, high=1000.0, driven=True)


def depth(doc: str, default: float) -> Any:
    return field(doc, default, low=0.0, high=10.0, driven=True)


def check_direction(owner: Any, path: str, *names: str) -> None:
    """Raise ManifestError where a vector among the named fields is too short to be a direction."""
    for name in names:
        if not max(map(abs, getattr(owner, name))) >= 1e-6:
            raise ManifestError(join(path, name), "must be a direction: not all of it zero")


def check_not_along(owner: Any, path: str, name: str, other: str, reason: str) -> None:
    """Raise ManifestError where two directions among the fields are parallel."""
    (a, b, c), (d, e, f) = _unit(getattr(owner, name)), _unit(getattr(owner, other))
    if max(abs(b * f - c * e), abs(c * d - a * f), abs(a * e - b * d)) < 1e-3:
        raise ManifestError(join(path, name), f"must not lie along `{other}`: {reason}")


def _unit(vector: Vector) -> Vector:
    largest = max(map(abs, vector))
    x, y, z = (n / largest for n in vector)
    length = (x * x + y * y + z * z) ** 0.5
    return x / length, y / length, z / length
