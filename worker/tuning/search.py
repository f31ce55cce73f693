"""Searching: the settings that reach a target error at the least cost.

Each setting is tried alone against those of the manifest; those that help are then put together, the most helpful
first; and the number of samples is found that reaches the target with what is left.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from manifests.errors import UserError
from manifests.schema import Render

from .measuring import Bench, Measured

KNOBS: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"bounces": 1}, {"bounces": 2}, {"bounces": 3}, {"bounces": 3, "diffuse_bounces": 1}),
    ({"light_tree": False},),
    ({"sampling": "sobol"},),
    ({"caustics": False}, {"filter_glossy": 0.0}),
    ({"adaptive_threshold": 0.01}, {"adaptive_threshold": 0.03}),
)
"""Settings of which at most one of each group is chosen."""
DENOISERS: tuple[dict[str, Any], ...] = (
    {"denoise": True, "denoise_quality": "balanced"},
    {"denoise": True, "denoise_quality": "fast"},
)

_GAIN = 0.97  # share of the cost below which a setting is worth its line in the manifest
_MOST_SAMPLES = 4096
_NEIGHBOURS = 4


class Unreachable(UserError):
    """No number of samples reaches an error."""


@dataclass(frozen=True)
class Tuned:
    """The cheapest settings that were found.

    Attributes:
        render: they, for the manifest.
        after, before: what they give and cost, and what those of the manifest did.
        target: the error that was to be reached.
        keeping: what frames of one instance cost where the scene is kept between them, over building it anew; None
            where an instance has one frame.
    """

    render: Render
    after: Measured
    before: Measured
    target: float
    keeping: float | None


def tune(bench: Bench, target: float | None, denoise: bool) -> Tuned:
    """Find the cheapest settings that reach an error.

    Args:
        bench: where they are measured.
        target: relative mean squared error; None: what the manifest's own settings give.
        denoise: whether images may be denoised.

    Raises:
        Unreachable: no number of samples reaches it.
    """
    own = replace(bench.manifest.render.settings, preset="custom")
    (before,) = bench.measure([own])
    target = before.error if target is None else target
    samples = _enough(bench, own, target)
    alone = [[own], *([replace(own, **knob) for knob in group] for group in KNOBS)]
    if denoise:
        alone.append([replace(own, **knob) for knob in DENOISERS])
    costs = _costs(bench, [render for group in alone for render in group], samples, target)
    base = costs[own]
    best = [min(group, key=lambda render: costs[render]) for group in alone[1:]]
    helpful = sorted((render for render in best if costs[render] < _GAIN * base), key=lambda render: costs[render])
    together = [own]
    for render in helpful:
        together.append(replace(together[-1], **_difference(own, render)))
    costs |= _costs(bench, together, samples, target)
    for candidate in sorted(together, key=lambda one: costs[one]):
        with suppress(Unreachable):  # several biases together
            render, after = _settle(bench, candidate, target, samples)
            break
    else:
        raise _unreachable(target, before)
    if after.cost > before.cost and before.error <= target:
        render, after = own, before
    keeping = _keeping(bench, render)
    render = replace(render, persistent_data=keeping is not None and keeping < _GAIN)
    return Tuned(render, after, before, target, keeping)


def fewest_samples(bench: Bench, render: Render, target: float) -> tuple[Render, Measured]:
    """Settings with about the fewest samples that reach an error, and what they give and cost.

    Raises:
        Unreachable: no number of samples reaches it.
    """
    return _settle(bench, render, target, _enough(bench, render, target))


def _enough(bench: Bench, render: Render, target: float) -> int:
    """About the number of samples that reaches the target."""
    few = max(1, render.samples // 4)
    while True:
        ladder = [replace(render, samples=few * step) for step in (1, 2, 4)]
        measured = bench.measure(ladder)
        if measured[0].error <= target and few > 1:
            few = max(1, few // 4)
            continue
        samples = _samples_for([one.samples for one in ladder], measured, target)
        if samples <= ladder[-1].samples:
            return int(samples)
        few = ladder[-1].samples
        if few > _MOST_SAMPLES:
            raise _unreachable(target, measured[-1])


def _costs(bench: Bench, renders: Sequence[Render], samples: int, target: float) -> dict[Render, float]:
    """What each would cost with as many samples as it needs for the target; infinite where none are enough."""
    counts = sorted({max(1, samples // 2), samples, 2 * samples})
    ladder = [replace(render, samples=count) for render in renders for count in counts]
    measured = bench.measure(ladder)
    costs = {}
    for i, render in enumerate(renders):
        mine = measured[i * len(counts) : (i + 1) * len(counts)]
        needed = _samples_for(counts, mine, target)
        slope = (mine[-1].cost - mine[0].cost) / (counts[-1] - counts[0]) if len(counts) > 1 else 0.0
        costs[render] = max(0.0, mine[0].cost + slope * (needed - counts[0])) if needed < math.inf else math.inf
    return costs


def _samples_for(counts: Sequence[int], measured: Sequence[Measured], target: float) -> float:
    """Samples that reach the target, by the power law through the first and the last count; infinite: none will."""
    first, last = measured[0].error, measured[-1].error
    if last <= 0 or first <= target:
        return counts[0]
    power = math.log(first / last) / math.log(counts[-1] / counts[0]) if len(counts) > 1 else 1.0
    if power < 0.1:  # what is left is no noise
        return math.inf if last > target else counts[0]
    return max(1.0, math.ceil(counts[0] * float((first / target) ** (1 / power))))


def _settle(bench: Bench, render: Render, target: float, samples: int) -> tuple[Render, Measured]:
    """The fewest samples, within some percent, that reach the target in fact."""
    counts = sorted({max(1, samples // 2), samples, 2 * samples})
    measured = bench.measure([replace(render, samples=count) for count in counts])
    wanted, growth = min(_samples_for(counts, measured, target), _MOST_SAMPLES), 1.1
    while True:
        render = replace(render, samples=int(wanted))
        (found,) = bench.measure([render])
        if found.error <= target:
            return render, found
        if wanted >= _MOST_SAMPLES:
            raise _unreachable(target, found)
        wanted, growth = min(max(wanted + 1, math.ceil(growth * wanted)), _MOST_SAMPLES), growth**1.5


def _unreachable(target: float, left: Measured) -> Unreachable:
    return Unreachable(
        f"no number of samples up to {_MOST_SAMPLES} reaches an error of {target:.3g}, {left.error:.3g} is left; ask "
        "for a larger --error"
    )


def _keeping(bench: Bench, render: Render) -> float | None:
    """Cost of the first frames of an instance, whole images, with persistent data over that without."""
    size = bench.manifest.frames_per_instance
    first = bench.frames[-1] // size * size
    frames = range(first, first + min(size, _NEIGHBOURS))
    if len(frames) < 2:
        return None
    whole = replace(bench, frames=frames, crop_px=0, reference=Render(samples=1))
    # A Blender for each: the first frame of both is built anew.
    ((anew,), (kept,)) = (whole.measure([replace(render, persistent_data=keep)]) for keep in (False, True))
    return kept.cost / anew.cost


def _difference(own: Render, other: Render) -> dict[str, Any]:
    return {
        f.name: getattr(other, f.name)
        for f in dataclasses.fields(Render)
        if getattr(other, f.name) != getattr(own, f.name)
    }
