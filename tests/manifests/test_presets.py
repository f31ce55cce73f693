"""Presets of the render settings: what they decide, they decide alone."""

from __future__ import annotations

from typing import Any

import pytest

from manifests.errors import ManifestError
from manifests.schema import PRESETS, Render, from_dict


def render(**fields: Any) -> Render:
    return from_dict({"name": "a", "part": {"file": "a"}, "render": fields}).render


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_decides_its_settings_and_no_others(name: str) -> None:
    settings = render(preset=name, samples=7, denoise=True, masks="emissive").settings
    assert (settings.samples, settings.denoise, settings.masks) == (7, True, "emissive")
    for setting, value in PRESETS[name].items():
        assert getattr(settings, setting) == value


def test_what_a_preset_decides_may_not_be_stated_as_well() -> None:
    with pytest.raises(ManifestError, match=r"render\.bounces: is decided by preset 'convex'"):
        render(preset="convex", bounces=7)
    assert render(preset="custom", bounces=7).settings.bounces == 7


def test_samples_that_a_preset_makes_adapt_are_not_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    assert render(preset="convex", samples=8).second_samples == 4
    monkeypatch.setitem(PRESETS, "convex", {"adaptive_threshold": 0.1})
    assert render(preset="convex", samples=8).second_samples == 8
