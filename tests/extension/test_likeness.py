"""Render against photograph in numbers, without Blender."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.ui.photograph.likeness import compare, resample
from manifests.encoding import encode
from manifests.errors import DataSetError
from manifests.schema import Output


def _light(random: np.random.Generator, height: int = 60, width: int = 80) -> np.ndarray:
    """A part that fills the middle, of a texture about 0.2 bright."""
    light = np.zeros((height, width, 4), dtype=np.float32)
    inside = light[10:-10, 10:-10]
    inside[..., :3] = random.lognormal(np.log(0.2), 0.3, (*inside.shape[:2], 1))
    inside[..., 3] = 1
    return light


def test_an_image_at_another_size_keeps_its_light() -> None:
    image = np.random.default_rng(0).random((30, 44, 3), dtype=np.float32)
    blocks = image.reshape(10, 3, 11, 4, 3).mean(axis=(1, 3))
    assert resample(image, 10, 11) == pytest.approx(blocks, abs=1e-6)
    for height, width in ((7, 13), (90, 50), (30, 44)):
        assert resample(image, height, width).mean(axis=(0, 1)) == pytest.approx(image.mean(axis=(0, 1)), abs=1e-5)


@pytest.mark.parametrize("output", [Output(), Output(view_transform="linear"), Output(view_transform="gamma")])
def test_a_photograph_of_the_render_is_its_like(output: Output) -> None:
    light = _light(np.random.default_rng(1))
    photograph = encode(light[..., :3], output).repeat(2, axis=0).repeat(2, axis=1)
    likeness = compare(photograph, light, output, 0.0, 3)
    assert likeness.overlap == pytest.approx(1.0)
    assert likeness.row_difference(0.5) == pytest.approx(0.0, abs=1e-5)
    assert likeness.stops == pytest.approx(0.0, abs=1e-4)
    darker = compare(photograph, light, output, -3.0, 3)
    assert darker.overlap < 0.2
    assert darker.row_difference(0.5) > 0.05
    assert darker.row_difference(0.0) == pytest.approx(0.0, abs=1e-5)  # nothing but background
    assert darker.stops == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("stops", [-2.0, 0.7])
def test_exposure_is_told_by_another_draw_of_the_texture_and_in_spite_of_highlights(stops: float) -> None:
    random = np.random.default_rng(2)
    photograph, light = _light(random), _light(random)
    photograph[20:30, 20:50, :3] = 50.0
    likeness = compare(encode(photograph[..., :3] * np.float32(2**stops), Output()), light, Output(), 0.0, 0)
    assert likeness.stops == pytest.approx(stops, abs=0.12)


def test_what_cannot_be_told_is_not() -> None:
    light = _light(np.random.default_rng(3))
    for grey in (0.0, 1.0):
        assert compare(np.full((60, 80, 3), grey, np.float32), light, Output(), 0.0, 0).stops is None
    with pytest.raises(DataSetError, match="sees no part"):
        compare(light[..., :3], np.zeros_like(light), Output(), 0.0, 0)
