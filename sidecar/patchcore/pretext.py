"""Feature weights where there are none: learnt from the given good images alone.

The task is that of CutPaste (Li et al., CVPR 2021), asked of every patch: a spot of the image is replaced by a piece of
another place, or shaded as a bump or a dent would be, with an edge between sharp and soft, and the features must tell
which patches it covers. What tells such a spot from the surface around it is what tells a defect.

They must tell it by their distance, because that is what a PatchCore looks at: features of good patches are drawn to
one point, and those of spots away from it, but only so far as to be told (the hypersphere classifier of Ruff et al.,
"Rethinking assumptions in deep anomaly detection", 2020). Features that a linear layer can tell apart are not enough:
they grow with the strength of a spot, so that a faint dent lies nearer to the good patches than the surroundings of a
strong one do.

Only the third layer is learnt. A patch of the fourth sees some 400 pixels, the whole of a small image: learnt from few
images, it tells that there is a spot, but not where, and its features are multiplied by 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .features import STRIDE_PX, THIRD, Extractor

CROP_PX = 128
BATCH = 16
_SETTLING = 20  # batches that the running statistics are taken from at the end
_RATE, _DECAY = 6e-3, 1e-4
_SHADED = (0.04, 0.7)
"""How much brighter and darker the sides of a bump are, as shares of the surface: from the barely visible on."""
_LEAST_FAR = 1e-4  # keeps the loss finite for a spot that looks like a good patch

Image = npt.NDArray[np.float32]
Draw = Callable[[np.random.Generator], Image]
"""Draws a good image, (3, height, width), 0 to 1."""


def learn(extractor: Extractor, draw: Draw, steps: int, seed: int, told: Callable[[int, float], None]) -> None:
    """Train the weights in place.

    Args:
        extractor: whose.
        draw: where images come from.
        steps: batches of BATCH crops of CROP_PX pixels.
        seed: of what is cut and where it is pasted.
        told: is called with each step, counted from 1, and its loss.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    device = extractor.mean.device
    centre = nn.Parameter(torch.zeros(THIRD, 1, 1, device=device))
    weights = [*extractor.parameters(), centre]
    optimiser = torch.optim.AdamW(weights, _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    extractor.train()
    for step in range(1, steps + 1):
        images, pasted = (part.to(device) for part in _batch(draw, rng))
        loss = _apart(extractor.third(images) - centre, pasted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        told(step, float(loss.detach()))
    _settle(extractor, draw, rng)
    extractor.scale[THIRD:] = 0


def _apart(offsets: Tensor, pasted: Tensor) -> Tensor:
    """Loss of the hypersphere classifier.

    Args:
        offsets: (n, THIRD, rows, columns) features less their centre.
        pasted: (n, 1, rows, columns) 1 for spots, 0 for good patches.
    """
    far = torch.sqrt(offsets.square().mean(dim=1, keepdim=True) + 1) - 1
    return torch.where(pasted > 0, -torch.log(-torch.expm1(-far - _LEAST_FAR)), far).mean()


def _settle(extractor: Extractor, draw: Draw, rng: np.random.Generator) -> None:
    """Take the statistics of more such batches as it has learnt from.

    Not those of good images alone: channels that answer to spots hardly vary there, and divided by so little, each spot
    would flood its surroundings.
    """
    # The momentum of MobileNetV3's statistics is made for thousands of batches.
    norms = [module for module in extractor.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        for _ in range(_SETTLING):
            extractor.third(_batch(draw, rng)[0].to(extractor.mean.device))
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    extractor.eval()


def _batch(draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Crops, each with up to four spots, and the share of each patch that they cover, above a fifth or not."""
    images = np.stack([_crop(draw(rng), rng) for _ in range(BATCH)])
    covered = np.zeros((BATCH, 1, CROP_PX, CROP_PX), np.float32)
    for k in range(BATCH):
        for _ in range(rng.integers(0, 5)):
            _spot(images[k], covered[k, 0], images[rng.integers(BATCH)], rng)
    share = F.avg_pool2d(torch.from_numpy(covered), 2 * STRIDE_PX, STRIDE_PX, STRIDE_PX, count_include_pad=False)
    return torch.from_numpy(images), (share > 0.2).float()


def _crop(image: Image, rng: np.random.Generator) -> Image:
    """A square of the image, turned and mirrored."""
    short = [max(0, CROP_PX - side) for side in image.shape[1:]]
    padded = np.pad(image, ((0, 0), (0, short[0]), (0, short[1])), mode="reflect") if any(short) else image
    top, left = (int(rng.integers(side - CROP_PX + 1)) for side in padded.shape[1:])
    turned = np.rot90(padded[:, top : top + CROP_PX, left : left + CROP_PX], rng.integers(4), axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if rng.random() < 0.5 else turned)


def _spot(image: Image, covered: npt.NDArray[np.float32], source: Image, rng: np.random.Generator) -> None:
    """Change a spot of the image, and note where."""
    long, thin = np.exp(rng.uniform(np.log(6), np.log(48))), np.exp(rng.uniform(np.log(0.15), 0))
    y, x = np.mgrid[:CROP_PX, :CROP_PX] - rng.uniform(0, CROP_PX, 2)[:, None, None]
    angle = rng.uniform(0, 2 * np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    short = max(2.0, long * thin)
    radius = np.hypot(along / long, across / short) * 2
    edge = rng.uniform(0.05, 0.7)
    opacity = (np.clip((1 - radius) / edge, 0, 1)).astype(np.float32)
    # On black there is no surface that a spot could be foreign to.
    opacity *= image.mean(axis=0) > 0.02
    if rng.random() < 0.5:
        changed = np.rot90(source, 2, axes=(1, 2)) * rng.uniform(0.8, 1.25)
    else:
        towards = rng.uniform(0, 2 * np.pi)
        slope = (along / long * np.cos(towards) + across / short * np.sin(towards)) * 2
        strength = np.exp(rng.uniform(*np.log(_SHADED)))
        changed = image * (1 + strength * (slope + rng.uniform(-0.3, 0.3)))
    image[:] = np.clip(image + opacity * (changed - image), 0, 1)
    np.maximum(covered, opacity > 0.3, out=covered)
