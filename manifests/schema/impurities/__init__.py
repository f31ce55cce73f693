"""Impurities: acceptable, but labelled."""

from typing import TypeAlias

from .dust import Dust
from .fingerprints import Fingerprint
from .stickers import Sticker
from .water_stains import WaterStain

Impurity: TypeAlias = Dust | WaterStain | Fingerprint | Sticker

__all__ = ["Dust", "Fingerprint", "Impurity", "Sticker", "WaterStain"]
