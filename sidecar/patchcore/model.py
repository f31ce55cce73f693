"""PatchCore and Sequential PatchCore as a model: patch features, and a coreset of what good ones look like (S4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from manifests.errors import ManifestError
from manifests.fields import field, join

from .features import FEATURES, Extractor
from .maps import BLUR_SIGMA_PX, anomaly_map
from .nearest import CHUNK, distances


@dataclass(frozen=True)
class PatchCoreSpec:
    """Nearest neighbours among the features of good patches (S4, section IV)."""

    KIND: ClassVar[str] = "patchcore"
    TASK: ClassVar[str] = "distance"
    MULTIPLE_PX: ClassVar[int] = 1
    OBJECTIVE: ClassVar[str] = "none"
    size_px: ClassVar[int] = 128
    """Of the squares that an export is traced with; a PatchCore takes whole pictures of any size."""
    method: Literal["sequential", "greedy"] = field(
        "How the coreset is built: patch after patch in fixed memory (S4), or from all patches at once (PatchCore).",
        "sequential",
    )
    coreset: int = field("Patches in the coreset.", 2048, low=2)
    weights: str = field(
        "Of the features: 'imagenet', which torchvision downloads; 'self', learnt from the training images; a file; or "
        "'auto': imagenet where it can be had, else self, and the run says which.",
        "auto",
    )
    melded: tuple[str, ...] = field(
        "Runs whose coresets are melded into this one's, in place of training (S4): their folders, or their names "
        "where they lie beside this one. The features are those of the first.",
        (),
    )
    self_steps: int = field("Batches of 16 crops to learn the features from, where they are learnt.", 300, low=1)
    blur_px: float = field("Standard deviation of the Gaussian blur of the anomaly map.", BLUR_SIGMA_PX, above=0.0)
    chunk: int = field("Patches that meet the coreset at once, the more memory the larger.", CHUNK, low=1)

    def check(self, path: str) -> None:
        if len(self.melded) == 1:
            raise ManifestError(join(path, "melded"), "melding takes two runs at least")

    def build(self, channels: int) -> PatchCore:
        return PatchCore(self)


class PatchCore(nn.Module):
    """(N, C, H, W) in 0..1, grey or RGB, to anomaly maps (N, 1, H, W), >= 0.

    Attributes:
        extractor: of the features.
        members: (spec.coreset, FEATURES) the coreset, zeros until one is collected.
    """

    members: Tensor

    def __init__(self, spec: PatchCoreSpec) -> None:
        super().__init__()
        self._spec = spec
        self.extractor = Extractor()
        self.register_buffer("members", torch.zeros(spec.coreset, FEATURES))

    def forward(self, images: Tensor) -> Tensor:
        features = self.extractor(_rgb(images)).movedim(1, -1)
        apart = distances(features.flatten(0, 2), self.members, self._spec.chunk).reshape(features.shape[:3])
        height, width = images.shape[-2:]
        return anomaly_map(apart, height, width, self._spec.blur_px)[:, None]

    def patches(self, image: Tensor) -> Tensor:
        """(C, H, W) to the features of its patches, (FEATURES, rows, columns)."""
        features: Tensor = self.extractor(_rgb(image[None]))[0]
        return features


def _rgb(images: Tensor) -> Tensor:
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
