"""One network of the source documents in each module, and the fields of a config that choose it."""

from __future__ import annotations

from typing import TypeAlias

from ..patchcore.model import PatchCoreSpec
from .autoencoders import AAESpec, CAESpec, VAESpec
from .deep_cae import DeepCAESpec
from .segmenters import DeepLabV3Spec, FCNSpec, UNetResNetSpec
from .ssim_autoencoder import SSIMAutoencoderSpec
from .unet import UNetSpec

ModelSpec: TypeAlias = (
    SSIMAutoencoderSpec
    | UNetSpec
    | DeepCAESpec
    | FCNSpec
    | DeepLabV3Spec
    | UNetResNetSpec
    | CAESpec
    | VAESpec
    | AAESpec
    | PatchCoreSpec
)
"""What a config may have as its ``model``; the side of its input is a multiple of its ``MULTIPLE_PX``."""
