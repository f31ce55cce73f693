"""Twins: every frame once more, without something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import ManifestError
from ..fields import field, join

FACTORS = ("defects", "impurities", "texture")


@dataclass(frozen=True)
class Twin:
    """Each frame is rendered once more without something; all the rest stays the same to the last bit."""

    without: tuple[str, ...] = field(
        "What the twin lacks: defects, impurities, texture (relief and pattern of the surfaces, whose colour and "
        "roughness stay), or labels of defects and impurities."
    )

    def lacks(self, group: Literal["defects", "impurities"], label: str) -> bool:
        """Whether an entry of the manifest with that label is absent from the twin."""
        return group in self.without or label in self.without

    @property
    def plain(self) -> bool:
        """Whether the twin's surfaces have no texture."""
        return "texture" in self.without

    def check(self, path: str) -> None:
        where = join(path, "without")
        if not self.without:
            raise ManifestError(where, f"must name at least one of {', '.join(FACTORS)} or a label")
        for i, name in enumerate(self.without):
            if name in self.without[:i]:
                raise ManifestError(f"{where}[{i}]", f"'{name}' is named twice")
