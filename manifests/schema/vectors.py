"""Triples of numbers that the schema speaks of."""

from __future__ import annotations

from typing import TypeAlias

Vector: TypeAlias = tuple[float, float, float]
Colour: TypeAlias = tuple[float, float, float]

FAR_MM = 1e9
"""A thousand kilometres: beyond it, poses are rounding."""
