"""Impurities: acceptable, but labelled."""

from typing import TypeAlias

from .dust import Dust
from .water_stains import WaterStain

Impurity: TypeAlias = Dust | WaterStain

__all__ = ["Dust", "Impurity", "WaterStain"]
