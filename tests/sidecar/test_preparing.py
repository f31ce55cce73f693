"""Pictures on their way to a model: preparing, augmenting, cropping, and the windows on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from torch import Tensor

from manifests.errors import DataSetError, RunError
from manifests.sampling import generator
from sidecar.data.augmentation import Augmentation
from sidecar.data.crops import Anywhere, Bright, Tile, cut
from sidecar.data.preprocessing import (
    Contrast,
    Preprocessing,
    Threshold,
    connected_parts,
    exposure_stack,
    part_from_probability,
)
from sidecar.prediction.windows import Mirrored, Sliding, Whole
from sidecar.similarity import dissimilarity_map, similarity

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def block(side: int = 120, top: int = 30, left: int = 40, height: int = 50, width: int = 40) -> Bytes:
    """A bright block before a dark backdrop, with noise."""
    picture = np.random.default_rng(1).integers(0, 12, (side, side)).astype(np.uint8)
    picture[top : top + height, left : left + width] += 150
    return picture[:, :, None]


def test_threshold_finds_the_block_and_takes_its_edge_off() -> None:
    picture = block()
    picture[50:54, 60:64] = 0  # A hole that closing fills.
    part = Threshold(level=30, closing_px=9, erosion_px=5).find(picture)
    expected = np.zeros((120, 120), np.uint8)
    expected[32:78, 42:78] = 255
    assert np.array_equal(part, expected)


def test_contrast_is_that_of_opencv_and_the_background_is_black_again() -> None:
    picture = block()
    part = ((picture[:, :, 0] > 30) * 255).astype(np.uint8)
    dark = picture * (part > 0)[:, :, None].astype(np.uint8)
    even = Contrast().apply(dark, part)
    oracle = cv2.createCLAHE(clipLimit=9, tileGridSize=(9, 9)).apply(dark[:, :, 0])
    assert oracle[part == 0].any()  # What S1 saw: the background is lifted.
    assert np.array_equal(even[:, :, 0], np.where(part > 0, oracle, 0))
    assert even[part > 0].std() > 4 * dark[part > 0].std()


def test_crop_is_the_square_around_the_part_and_can_be_undone() -> None:
    preparing = Preprocessing(part=Threshold(closing_px=1, erosion_px=1), crop=True, size_px=(100, 100))
    picture, mask = block(), np.zeros((120, 120), np.uint8)
    mask[40:60, 50:60] = 2
    part = preparing.part_of(picture, None, None)
    prepared = preparing.apply(picture, part, mask, "a.png")
    assert prepared.box == (30, 35, 80, 85) and prepared.image.shape == (100, 100, 1)
    assert set(np.unique(prepared.mask)) == {0, 2}
    back = prepared.restore((prepared.mask == 2).astype(np.float32))
    assert back.shape == (120, 120) and np.array_equal(back >= 0.5, mask == 2)


def test_crop_may_reach_beyond_the_picture() -> None:
    preparing = Preprocessing(part=Threshold(closing_px=1, erosion_px=1), crop=True)
    picture = block(top=0, left=0, height=100, width=20)
    prepared = preparing.apply(picture, preparing.part_of(picture, None, None), picture[:, :, 0] * 0, "a.png")
    assert prepared.box == (0, -40, 100, 60) and not prepared.image[:, :40].any()
    back = prepared.restore(prepared.part.astype(np.float32))
    assert (back[:100, :20] == 255).all() and back.sum() == 255 * 2000


def test_resampling_is_by_area() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 1)).astype(np.uint8)
    prepared = Preprocessing(size_px=(15, 10)).apply(picture, None, picture[:, :, 0] * 0, "a.png")
    means = picture[:, :, 0].reshape(10, 4, 15, 4).mean(axis=(1, 3))
    assert np.abs(prepared.image[:, :, 0] - means).max() <= 0.5


def test_no_part_is_one_line() -> None:
    preparing = Preprocessing(part=Threshold(level=255), crop=True)
    picture = block()
    with pytest.raises(DataSetError, match=r"a\.png: no part was found in it; check 'preprocessing\.part'"):
        preparing.apply(picture, preparing.part_of(picture, None, None), picture[:, :, 0], "a.png")


def test_connected_parts_are_told_apart_and_specks_left_out() -> None:
    part = np.zeros((40, 40), np.uint8)
    part[2:12, 2:12], part[20:38, 20:38], part[30, 2] = 255, 255, 255
    assert [int((piece > 0).sum()) for piece in connected_parts(part)] == [324, 100, 1]
    preparing = Preprocessing(part=Threshold(level=30, closing_px=1, erosion_px=1), least_part_px=10)
    found = preparing.part_of(part[:, :, None], None, None)
    assert found is not None and int((found > 0).sum()) == 424


def test_part_of_a_unet_is_closed_and_resized_as_in_s1() -> None:
    probability = np.zeros((64, 64), np.float32)
    probability[16:48, 16:48] = 0.9
    probability[30:34, 30:34] = 0.1  # A hole of 4 px, which three crosses of 5 x 5 close.
    part = part_from_probability(probability, 256, 256)
    assert set(np.unique(part)) == {0, 255}
    assert (part[72:184, 72:184] == 255).all() and not part[:60].any()


def test_exposures_are_those_of_s2() -> None:
    picture = np.array([[[0.1], [0.3], [0.6]]], np.float32)
    stack = exposure_stack(picture, (0, 1, 2))
    assert np.allclose(stack[0], [[0.1, 0.2, 0.4], [0.3, 0.6, 1.0], [0.6, 1.0, 1.0]])
    assert Preprocessing(channels=3, exposures=(0, 1, 2)).inputs == 9


def test_augmentation_is_a_function_of_the_draw() -> None:
    changing = Augmentation(True, True, 30, 4, 0.2, 1.0, (1, 3), 10, True)
    picture = block()
    mask = (picture[:, :, 0] > 100).astype(np.uint8)
    draws = [changing.apply(picture, mask, mask * 255, generator(5, "draw", k))[0] for k in (0, 1, 0)]
    assert np.array_equal(draws[0], draws[2]) and not np.array_equal(draws[0], draws[1])
    assert draws[0].dtype == np.float32 and draws[0].min() >= 0 and draws[0].max() <= 1


@given(st.integers(0, 10_000))
def test_mask_moves_with_its_picture(draw: int) -> None:
    changing = Augmentation(flip_horizontal=True, flip_vertical=True, rotation_deg=90, translation_px=10)
    mask = np.zeros((64, 64), np.uint8)
    mask[12:30, 20:44] = 1
    image, moved, part = changing.apply(mask[:, :, None] * 255, mask, mask * 255, generator(0, "draw", draw))
    # But for the edge, where the picture is blended and the mask is not.
    inner, outer = cv2.erode(moved, np.ones((5, 5), np.uint8)), cv2.dilate(moved, np.ones((5, 5), np.uint8))
    assert (image[inner > 0] == 1).all() and (image[outer == 0] == 0).all()
    assert np.array_equal(part > 0, moved > 0)


def test_noise_has_the_variance_that_is_asked_for() -> None:
    flat = np.full((200, 200, 1), 128, np.uint8)
    nothing = np.zeros((200, 200), np.uint8)
    variances = []
    for draw in range(40):
        image, _, _ = Augmentation(noise_variance=10).apply(flat, nothing, nothing, generator(0, "draw", draw))
        variances.append(float((image * 255).var()))
    assert min(variances) > 0 and max(variances) < 10.5 and 3.5 < np.mean(variances) < 6.5


def test_random_background_leaves_the_part_alone() -> None:
    picture = block()
    part = ((picture[:, :, 0] > 30) * 255).astype(np.uint8)
    image, _, _ = Augmentation(random_background=True).apply(picture, part, part, generator(0, "draw", 1))
    assert np.allclose(image[part > 0], picture[part > 0] / 255)
    assert image[part == 0].std() > 0.02


def test_bright_crops_are_centred_on_bright_pixels() -> None:
    picture = np.zeros((100, 100, 1), np.float32)
    picture[70, 30] = 11 / 255
    picture[5, 5] = 10 / 255  # Not above the threshold of 10.
    assert Bright().place(picture, 32, generator(0, "draw", 0)) == (54, 14)
    assert Bright().place(np.zeros((100, 100, 1), np.float32), 32, generator(0, "draw", 3))[0] in range(69)


def test_bright_crops_stay_within_the_picture() -> None:
    picture = np.zeros((100, 100, 1), np.float32)
    picture[99, 0] = 1
    assert Bright().place(picture, 32, generator(0, "draw", 0)) == (68, 0)


def test_crops_anywhere_cover_the_picture_evenly() -> None:
    picture = np.zeros((20, 30, 1), np.float32)
    places = {Anywhere().place(picture, 16, generator(0, "draw", k)) for k in range(600)}
    assert places == {(row, column) for row in range(5) for column in range(15)}


def test_tiles_are_those_that_are_stitched() -> None:
    picture = np.random.default_rng(0).random((1024 // 8, 1536 // 8, 1)).astype(np.float32)
    padded, kept = Mirrored(margin_px=4).pad(torch.from_numpy(picture.transpose(2, 0, 1)), 40)
    assert kept == 32 and padded.shape == (1, 136, 200)
    for draw in range(20):
        row, column = Tile(margin_px=4).place(picture, 40, generator(0, "draw", draw))
        square = padded[0, row + 4 : row + 44, column + 4 : column + 44].numpy()
        assert np.array_equal(cut(picture, (row, column), 40)[:, :, 0], square)


def counting(network: Callable[[Tensor], Tensor]) -> tuple[Callable[[Tensor], Tensor], list[int]]:
    seen: list[int] = []

    def apply(windows: Tensor) -> Tensor:
        seen.append(len(windows))
        return network(windows)

    return apply, seen


def test_s1_cuts_its_pictures_into_24_windows() -> None:
    image = torch.rand(1, 1024, 1536)
    apply, seen = counting(lambda windows: windows)
    assert torch.equal(Mirrored().apply(image, 320, apply, 5), image)
    assert sum(seen) == 24


@given(
    st.sampled_from([Sliding(7), Sliding(30), Mirrored(4), Mirrored(0), Whole(16)]),
    st.integers(1, 70),
    st.integers(1, 70),
)
def test_windows_of_a_network_that_does_nothing_are_the_picture(windows: Any, height: int, width: int) -> None:
    image = torch.rand(2, height, width, generator=torch.Generator().manual_seed(height))
    result = windows.apply(image, 32, lambda batch: batch, 3)
    assert result.shape == image.shape and torch.allclose(result, image, atol=1e-6)


def test_overlaps_are_averaged() -> None:
    """Against a loop over all windows, with a network whose result depends on the place in the window."""
    image = torch.rand(1, 50, 41)
    ramp = torch.linspace(0, 1, 32)[:, None] * torch.linspace(1, 2, 32)[None, :]
    result = Sliding(9).apply(image, 32, lambda windows: windows * ramp, 4)
    total, count = torch.zeros(1, 50, 41), torch.zeros(50, 41)
    for top in range(0, 50 - 32 + 1, 9):
        for left in range(0, 41 - 32 + 1, 9):
            total[:, top : top + 32, left : left + 32] += image[:, top : top + 32, left : left + 32] * ramp
            count[top : top + 32, left : left + 32] += 1
    assert torch.allclose(result, total / count)


def test_margins_are_cut_off() -> None:
    """A network that spoils the margin of its windows leaves no trace."""
    spoils = torch.zeros(40, 40)
    spoils[4:-4, 4:-4] = 1
    image = torch.rand(1, 64, 96)
    assert torch.equal(Mirrored(4).apply(image, 40, lambda windows: windows * spoils, 2), image)


def test_ssim_loss_is_that_of_scikit_image() -> None:
    x, y = torch.rand(2, 3, 1, 40, 48, generator=torch.Generator().manual_seed(0)).double()
    for k in range(3):
        _, full = structural_similarity(  # type: ignore[no-untyped-call]
            x[k, 0].numpy(),
            y[k, 0].numpy(),
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        assert float(similarity(x, y)[k]) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-9)
    assert torch.allclose(similarity(x, x), torch.ones(3).double())


def test_ssim_loss_has_the_right_slope() -> None:
    x, y = torch.rand(2, 1, 2, 12, 11, generator=torch.Generator().manual_seed(0)).double()
    assert torch.autograd.gradcheck(lambda z: similarity(x, z), (y.requires_grad_(),))


def test_larger_sigma_blurs_the_error_map() -> None:
    image = np.random.default_rng(0).random((80, 80, 1)).astype(np.float32) * 0.1
    spoiled = image.copy()
    spoiled[28:36, 28:36] += 0.8
    maps = [dissimilarity_map(image, spoiled, sigma) for sigma in (1.5, 9.0)]
    assert maps[0][32, 32] > 0.5 and maps[0][5, 5] == pytest.approx(0, abs=1e-6)
    assert maps[1][32, 48] > maps[0][32, 48]
    with pytest.raises(RunError, match="sigma: its window of 65 px does not fit into a picture of 64 x 80 px"):
        dissimilarity_map(image[:, :64], spoiled[:, :64], 9.0)


def test_contrast_stretches_around_the_mean() -> None:
    image = np.array([[100, 120, 140]], np.uint8)[:, :, None]
    mask = np.zeros((1, 3), np.uint8)
    changed, _, _ = Augmentation(contrast=0.5).apply(image, mask, mask, np.random.default_rng(0))
    assert changed[0, 1, 0] == pytest.approx(120 / 255, abs=1e-6)
    stretch = (changed[0, 2, 0] - changed[0, 0, 0]) / (40 / 255)
    assert 1 < stretch <= 1.5


def test_what_is_blacked_out_is_no_part() -> None:
    image, mask = np.full((40, 60, 1), 200, np.uint8), np.zeros((40, 60), np.uint8)
    sides = set()
    for seed in range(40):
        changed, _, part = Augmentation(black_share=0.5).apply(image, mask, mask + 255, np.random.default_rng(seed))
        assert ((changed[:, :, 0] > 0) == (part > 0)).all()
        assert (part > 0).mean() >= 0.5
        dark = part == 0
        sides |= {name for name, edge in zip("tblr", (dark[0], dark[-1], dark[:, 0], dark[:, -1])) if edge.all()}
    assert sides == set("tblr")
