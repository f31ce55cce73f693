"""Settings of Cycles, all of them: what a scene was opened or changed with does not linger."""

from __future__ import annotations

import bpy

from ..contract import schema
from .drivers import drive

_PATTERNS = {"automatic": "AUTOMATIC", "sobol": "TABULATED_SOBOL", "blue_noise": "BLUE_NOISE"}
_PREFILTERS = {"high": "ACCURATE", "balanced": "FAST", "fast": "FAST"}


def set_up_cycles(scene: bpy.types.Scene, render: schema.Render) -> None:
    """Have Cycles render as a manifest says; its seed follows the frame."""
    render = render.settings
    scene.render.engine = "CYCLES"
    scene.render.use_persistent_data = render.persistent_data
    cycles = scene.cycles
    cycles.samples = render.samples
    cycles.use_adaptive_sampling = render.adaptive_threshold > 0
    cycles.adaptive_threshold = render.adaptive_threshold
    cycles.max_bounces = render.bounces
    cycles.diffuse_bounces = render.bounces if render.diffuse_bounces is None else render.diffuse_bounces
    cycles.glossy_bounces = render.bounces if render.glossy_bounces is None else render.glossy_bounces
    cycles.use_light_tree = render.light_tree
    cycles.blur_glossy = render.filter_glossy
    cycles.caustics_reflective = cycles.caustics_refractive = render.caustics
    cycles.use_denoising = render.denoise
    cycles.denoising_quality, cycles.denoising_prefilter = (
        render.denoise_quality.upper(),
        _PREFILTERS[render.denoise_quality],
    )
    # Clamping keeps fireflies out of pictures that people look at; in a measurement it would be a bias.
    cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0.0
    # Blender's start-up file and a new scene differ in it (5.0), so that the same frame would have other noise.
    cycles.sampling_pattern = _PATTERNS[render.sampling]
    cycles.use_animated_seed = False
    drive(cycles, "seed", 'param("@seed", frame)')
