"""How images are developed from rendered frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import ManifestError
from ..fields import field, join
from .backgrounds import Background
from .vectors import Colour


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
