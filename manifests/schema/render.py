"""How frames are rendered: samples, bounces, denoising; and presets of what belongs together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import ManifestError
from ..fields import field, join


@dataclass(frozen=True)
class Render:
    """How Cycles renders."""

    preset: Literal["custom", "convex", "recessed", "blender"] = field(
        "Settings that belong together; samples, denoising and masks are stated beside it. custom: what the fields "
        "below say.",
        "custom",
    )
    samples: int = field("Paths per pixel.", 32, low=1, high=65536)
    adaptive_threshold: float = field(
        "Noise level at which a pixel is done before its last sample; 0: never.", 0.0, low=0.0
    )
    bounces: int = field("Most bounces of a path.", 4, low=0, high=1024)
    diffuse_bounces: int | None = field("Most of them off matte surfaces; nothing: all.", None, low=0, high=1024)
    glossy_bounces: int | None = field("Most of them off glossy surfaces; nothing: all.", None, low=0, high=1024)
    light_tree: bool = field("Choose lights by how much they add, not evenly; pays where there are many.", True)
    filter_glossy: float = field(
        "Blur of reflections after a matte bounce, which have the most noise; 0: none.", 1.0, low=0.0, high=10.0
    )
    caustics: bool = field("Light that reaches matte surfaces by way of glossy ones.", True)
    sampling: Literal["automatic", "sobol", "blue_noise"] = field(
        "Pattern of the samples; automatic: blue noise where Blender has it.", "automatic"
    )
    denoise: bool = field("Open Image Denoise on the image; it blurs fine texture, so only where asked for.", False)
    denoise_quality: Literal["high", "balanced", "fast"] = field(
        "Of the denoiser; high: Blender's default, which takes longer than the samples of a small image.", "high"
    )
    masks: Literal["aov", "emissive"] = field(
        "aov: ids ride on the image's own samples; emissive: a second pass in which the surface emits its id.", "aov"
    )
    persistent_data: bool = field(
        "Keep the scene on the device from frame to frame: pays where many frames show one instance of a large mesh.",
        False,
    )
    region: Literal["image", "part"] = field(
        "part: only the rectangle that holds the part is rendered, frame by frame; the rest stays transparent, as it "
        "would be anyway.",
        "image",
    )
    region_margin_px: int = field("Pixels around the part that belong to its rectangle.", 8, low=0, high=1000)

    @property
    def settings(self) -> Render:
        """The same with what its preset decides."""
        return replace(self, **PRESETS[self.preset])

    @property
    def second_samples(self) -> int:
        """Samples of the second twin pair, which tells signal from the noise of path tracing.

        The noise of fewer samples tells that of more, but not where the image is denoised or samples differ in number.
        """
        if self.denoise or self.settings.adaptive_threshold > 0:
            return self.samples
        return max(1, self.samples // 2)

    def check(self, path: str) -> None:
        for name in PRESETS[self.preset]:
            if getattr(self, name) != Render.__dataclass_fields__[name].default:
                raise ManifestError(
                    join(path, name), f"is decided by preset '{self.preset}'; leave it out, or set preset to custom"
                )


PRESETS: dict[str, dict[str, Any]] = {
    "custom": {},
    "convex": {"bounces": 1},
    "recessed": {"bounces": 3},
    "blender": {"bounces": 12, "diffuse_bounces": 4, "glossy_bounces": 4},
}
"""What each preset decides; the reasons are in docs/how-to/render-faster.md."""
