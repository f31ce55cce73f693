"""Visibility: what of the defects and impurities can be seen in an image, measured on twin pairs.

The image differs from its twin by what the twin lacks alone, but for the noise of path tracing. A second twin pair of
the same frame, with other paths of light, tells signal from noise:

- The *difference* of a pixel is its value in the image less that in the twin, as the camera would give them without
  noise, from 0 (black) to 1 (white). What is clipped does not differ.
- The *power* of a defect is the mean over its mask's pixels and channels of the difference in the one pair times that
  in the other: noise, of which both have their own, adds nothing to it on average.
- The *noise level* of a defect is the standard deviation of a pixel of the image, over the same pixels: of the
  manifest's sensor noise, of rounding to the image's bits (1/12 of a step, squared), and of path tracing, which the two
  pairs differ by.
- Its *contrast* is the square root of its power over its noise level: 1 where it changes pixels as much as noise does.
- It is *visible* where contrast times the square root of its number of pixels is at least 5, the criterion of Rose
  (The sensitivity performance of the human eye on an absolute scale, 1948): large areas are seen through more noise
  than small ones. And its power must be three times what chance makes of the noise of the differences.
- A *pixel* of what is visible can be seen where the power of the 3 x 3 pixels around it reaches the noise level or, in
  what is fainter than noise throughout, half of its contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.encoding import encode
from manifests.schema import Manifest

from .camera import noise_deviation, white_level
from .masks import Masks
from .regions import pieces, window

ROSE = 5.0
"""Contrast times the square root of the pixels from which on something is seen."""
_CHANCE = 3.0  # standard errors by which a power must stand out
_POOL_PX = 3  # half the side of the square over which the noise of path tracing is averaged
_MARGIN_PX = 8

Maps = NDArray[np.float64]


@dataclass(frozen=True)
class TwinPairs:
    """Light on the sensor, (height, width, channels) each, 1 is white, without the noise of the sensor.

    Attributes:
        image, twin: of the pair.
        image_again, twin_again: of the second pair, which has other paths of light and ``render.second_samples``.
    """

    image: NDArray[np.float32]
    twin: NDArray[np.float32]
    image_again: NDArray[np.float32]
    twin_again: NDArray[np.float32]


@dataclass(frozen=True)
class Sight:
    """What can be seen.

    Attributes:
        classes: (height, width) uint8, values of the manifest's labels, of what the twin lacks.
        defects: by id of each defect that the twin lacks and the masks show: ``contrast`` and ``visible``.
    """

    classes: NDArray[np.uint8]
    defects: dict[int, dict[str, Any]]


def measure_visibility(pairs: TwinPairs, masks: Masks, manifest: Manifest, defects: list[dict[str, Any]]) -> Sight:
    """Tell what of the defects and impurities that the twin lacks can be seen.

    Args:
        pairs: of the frame.
        masks: of the frame.
        manifest: whose twin.
        defects: of the frame's instance, with ``id`` and ``label``.
    """
    classes = np.zeros_like(masks.classes)
    ids = _absent_defects(masks, manifest, defects)
    objects = _with_impurities(ids, masks, manifest)
    if not objects.any():
        return Sight(classes, {})
    box = window(objects > 0, _MARGIN_PX)
    objects = objects[box]
    weights = (objects > 0).astype(np.float64)
    product, pixel_noise, difference_noise = _maps(pairs, box, manifest)
    pixels = np.bincount(objects.ravel())

    def mean(values: Maps) -> Maps:
        means: Maps = np.bincount(objects.ravel(), values.ravel()) / np.maximum(pixels, 1)
        return means

    power, noise = mean(product), mean(pixel_noise)
    # Both pairs have noise of their own: the mean of its products strays by this.
    chance = mean(difference_noise) / np.sqrt(_second_share(manifest) * np.maximum(pixels, 1))
    visible = (power * pixels >= ROSE**2 * noise) & (power >= _CHANCE * chance)
    near = _box(product * weights, 1) / np.maximum(_box(weights, 1), 1.0)
    seen = (objects > 0) & visible[objects] & (near >= np.minimum(noise, power / 4)[objects])
    classes[box] = np.where(seen, masks.classes[box], 0)
    contrast = np.sqrt(np.maximum(power, 0.0) / noise)
    shown = np.unique(ids)
    told = {int(n): {"contrast": round(float(contrast[n]), 3), "visible": bool(visible[n])} for n in shown[shown > 0]}
    return Sight(classes, told)


def _absent_defects(masks: Masks, manifest: Manifest, defects: list[dict[str, Any]]) -> NDArray[np.int32]:
    """(height, width) ids of the defects that the twin lacks, 0 elsewhere."""
    twin = manifest.twin
    kept = np.zeros(int(masks.instances.max()) + 1, dtype=np.int32)
    for defect in defects:
        if twin is not None and twin.lacks("defects", defect["label"]) and defect["id"] < len(kept):
            kept[defect["id"]] = defect["id"]
    ids: NDArray[np.int32] = kept[masks.instances]
    return ids


def _with_impurities(ids: NDArray[np.int32], masks: Masks, manifest: Manifest) -> NDArray[np.int32]:
    """The same with the pieces of the impurities that the twin lacks, numbered on."""
    objects, number = ids.copy(), int(ids.max())
    labels = {i.label for i in manifest.impurities if manifest.twin and manifest.twin.lacks("impurities", i.label)}
    for label in sorted(labels):
        for piece in pieces(masks.classes == manifest.labels[label]):
            number += 1
            objects[piece.rows, piece.columns] = number
    return objects


def _maps(pairs: TwinPairs, box: tuple[slice, slice], manifest: Manifest) -> tuple[Maps, Maps, Maps]:
    """In a box, means over the channels: product of the differences, variance of a pixel and of a difference."""
    output = manifest.output
    light = pairs.image[box]
    image, twin, image_again, twin_again = (
        encode(one[box], output).astype(np.float64)
        for one in (pairs.image, pairs.twin, pairs.image_again, pairs.twin_again)
    )
    first, second = image - twin, image_again - twin_again
    # What two renders differ by is the noise of both, and that of the second is the greater by its fewer samples.
    of_one = _second_share(manifest) / (1 + _second_share(manifest))
    paths = (image - image_again) ** 2 * of_one
    noisy = (paths.max(axis=2) > 0).astype(np.float64)  # a background has none
    paths_near = _box(paths.mean(axis=2), _POOL_PX) / np.maximum(_box(noisy, _POOL_PX), 1.0)
    variance = paths_near + (1.0 / white_level(output)) ** 2 / 12
    if output.noise is not None:
        deviation = noise_deviation(light, output.noise)
        spread = encode(light + deviation, output) - encode(light - deviation, output)
        variance += ((spread / 2) ** 2).mean(axis=2)
    return (first * second).mean(axis=2), variance, ((first - second) ** 2 * of_one).mean(axis=2)


def _second_share(manifest: Manifest) -> float:
    return manifest.render.second_samples / manifest.render.samples


def _box(values: Maps, radius: int) -> Maps:
    """Sums over the square around each pixel; beyond the edge lie zeros."""
    sums = np.pad(values, ((radius + 1, radius), (radius + 1, radius))).cumsum(axis=0).cumsum(axis=1)
    side = 2 * radius + 1
    total: Maps = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return total
