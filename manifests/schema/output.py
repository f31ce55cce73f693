"""How frames are rendered, and images developed from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import ManifestError
from ..fields import field, join
from .backgrounds import Background
from .vectors import Colour


@dataclass(frozen=True)
class Render:
    """How Cycles renders."""

    samples: int = field("Paths per pixel.", 32, low=1, high=65536)
    adaptive_threshold: float = field(
        "Noise level at which a pixel is done before its last sample; 0: never.", 0.0, low=0.0
    )
    bounces: int = field("Most bounces of a path.", 4, low=0, high=1024)
    denoise: bool = field("Open Image Denoise on the image; it blurs fine texture, so only where asked for.", False)
    masks: Literal["aov", "emissive"] = field(
        "aov: ids ride on the image's own samples; emissive: a second pass in which the surface emits its id.", "aov"
    )

    @property
    def second_samples(self) -> int:
        """Samples of the second twin pair, which tells signal from the noise of path tracing.

        The noise of fewer samples tells that of more, but not where the image is denoised or samples differ in number.
        """
        if self.denoise or self.adaptive_threshold > 0:
            return self.samples
        return max(1, self.samples // 2)


@dataclass(frozen=True)
class Noise:
    """Noise of the sensor."""

    full_well_e: float = field(
        "Electrons that a white pixel holds: shot noise is their square root.", 10000.0, above=0.0
    )
    read_noise_e: float = field("Standard deviation of the read noise in electrons.", 4.0, low=0.0)


Pass: TypeAlias = Literal["albedo", "normal", "normal_camera", "depth", "position"]


@dataclass(frozen=True)
class Output:
    """How the camera image is developed from the linear render."""

    exposure_stops: float = field("Exposure: each stop doubles the light.", 0.0, low=-20.0, high=20.0, driven=True)
    view_transform: Literal["srgb", "linear", "gamma"] = field("From light to pixel value.", "srgb")
    gamma: float = field("Exponent of the gamma view transform.", 2.2, above=0.0)
    greyscale: bool = field("One channel of luminance (Rec. 709) in place of three.", False)
    bit_depth: Literal[8, 16] = field("Bits per channel.", 8)
    flatten: bool = field("Lay the image on `background` instead of keeping alpha.", False)
    background: Colour = field("Linear RGB under the image where it is flattened.", (0.0, 0.0, 0.0), low=0.0, high=1.0)
    backgrounds: tuple[Background, ...] = field(
        "Distractors: each frame has one of them behind the part, all equally likely. With `flatten` false the alpha "
        "still tells part from background. Nothing: none.",
        (),
    )
    noise: Noise | None = field("Noise of the sensor; nothing: none.", None)
    passes: tuple[Pass, ...] = field(
        "Measurements beside the image, without noise, in one float EXR: albedo; normal (in the scene's axes); "
        "normal_camera (right, up and back); depth along the camera's axis and position in the scene, mm.",
        (),
    )

    def check(self, path: str) -> None:
        if self.greyscale and self.bit_depth == 16 and not self.flatten:
            raise ManifestError(
                join(path, "flatten"), "must be true for 16-bit greyscale: PNG readers lose such an alpha"
            )
        for i, name in enumerate(self.passes):
            if name in self.passes[:i]:
                raise ManifestError(f"{join(path, 'passes')}[{i}]", f"'{name}' is named twice")
