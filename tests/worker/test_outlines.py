"""Outlines: exact to the pixel for any mask, as the tools that read them fill them."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from worker.develop.outlines import outlines, polygon
from worker.develop.regions import pieces, regions_of

Mask = NDArray[np.bool_]
masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def area(ring: NDArray[np.float64]) -> float:
    x, y = ring.T
    return 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))


@given(masks.filter(np.any))
def test_region_is_the_mask(mask: Mask) -> None:
    region = regions_of(mask * np.uint16(7))[7]
    compressed = coco_mask.frPyObjects({"size": list(region.shape), "counts": region.rle()}, *region.shape)
    assert (coco_mask.decode(compressed) == mask).all()
    assert (region.mask() == mask).all()
    assert coco_mask.area(compressed) == region.area == mask.sum()
    assert tuple(coco_mask.toBbox(compressed)) == region.bbox
    assert sorted(map(tuple, region.polygon().tolist())) == sorted(map(tuple, polygon(mask).tolist()))


@given(masks)
def test_outlines_enclose_the_mask(mask: Mask) -> None:
    rings = outlines(mask)
    # Inset, so a little less than the pixels: at most its width along every pixel's four sides, and corners.
    enclosed = sum(map(area, rings))
    assert enclosed <= mask.sum() + 1e-9
    assert enclosed >= mask.sum() * (1 - 4 * 0.02) - 1e-9
    for ring in rings:
        columns, rows = np.floor(ring).astype(int).T
        assert mask[rows, columns].all(), "every vertex lies in a pixel of the mask"


@given(masks)
def test_polygon_passes_every_outline(mask: Mask) -> None:
    whole, rings = polygon(mask), outlines(mask)
    assert {tuple(point) for point in whole.tolist()} == {tuple(p) for ring in rings for p in ring.tolist()}
    if len(rings):
        assert np.isclose(area(whole), sum(map(area, rings))), "seams enclose nothing"


@given(masks)
def test_pieces_are_the_mask_and_do_not_touch(mask: Mask) -> None:
    found = [piece.mask() for piece in pieces(mask)]
    assert np.sum(found, axis=0, dtype=int).tolist() == mask.astype(int).tolist() if found else not mask.any()
    grown = []
    for piece in found:
        padded = np.pad(piece, 1)
        height, width = mask.shape
        grown.append(np.any([padded[r : r + height, c : c + width] for r in range(3) for c in range(3)], axis=0))
        assert sum(area(ring) > 0 for ring in outlines(piece)) == 1
    for k, around in enumerate(grown):
        assert not any((around & piece).any() for piece in found[k + 1 :])


def test_ring_is_two_outlines_of_opposite_sense() -> None:
    mask = np.ones((5, 5), dtype=bool)
    mask[2, 2] = False
    assert sorted(round(area(ring)) for ring in outlines(mask)) == [-1, 25]
