"""The Blender file that a manifest was authored in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ManifestError
from ..fields import Asset, field, join


@dataclass(frozen=True)
class BlenderFile:
    """A Blender file that holds the scene, with what a person made in it by hand; exported with the manifest."""

    file: str = field("The file, below the folder of the manifest.", asset=Asset((".blend",)))
    sha256: str = field("SHA-256 of the file (hex): another file of the same name is refused.")

    def check(self, path: str) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ManifestError(join(path, "sha256"), "must be 64 hexadecimal digits; export the manifest again")
