"""Each network has the layers of its table: their shapes, and the parameters that the table alone lets one count."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from manifests.errors import RunError
from sidecar.models.autoencoders import AAE, CAE, VAE, AAESpec, CAESpec, VAESpec, divergence
from sidecar.models.deep_cae import DeepCAE, DeepCAESpec
from sidecar.models.segmenters import DeepLabV3Spec, FCNSpec, UNetResNetSpec
from sidecar.models.ssim_autoencoder import SSIMAutoencoder, SSIMAutoencoderSpec
from sidecar.models.unet import UNet, UNetSpec

LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def weights(*layers: tuple[int, int, int]) -> int:
    """Parameters of layers given as (inputs, outputs, side of the kernel), each with a bias."""
    return sum(inputs * outputs * side**2 + outputs for inputs, outputs, side in layers)


def shapes(network: nn.Module, size: int) -> list[tuple[int, int]]:
    """Channels and side of what every layer with weights gives, in the order in which they are called."""
    seen: list[tuple[int, int]] = []

    def note(module: nn.Module, inputs: Any, output: Tensor) -> None:
        seen.append((output.shape[1], output.shape[2] if output.ndim == 4 else 1))

    for module in network.modules():
        if isinstance(module, LAYERS):
            module.register_forward_hook(note)
    assert network.eval()(torch.zeros(1, 1, size, size)).shape == (1, 1, size, size)
    return seen


@pytest.fixture
def shapes_only() -> Iterator[None]:
    """Tensors without values: layers say what shape they give and compute nothing."""
    with torch.device("meta"), torch.no_grad():
        yield


@pytest.mark.usefixtures("shapes_only")
def test_ssim_autoencoder_is_tables_2_and_3_of_s0() -> None:
    network = SSIMAutoencoderSpec().build(1)
    down = [(32, 64), (32, 32), (32, 32), (64, 16), (64, 16), (128, 8), (64, 8), (32, 8), (500, 1)]
    up = [(32, 8), (64, 8), (128, 8), (64, 16), (64, 16), (32, 32), (32, 32), (32, 64), (32, 128), (1, 128)]
    assert shapes(network, 128) == down + up
    encoder = [(1, 32, 4), (32, 32, 4), (32, 32, 3), (32, 64, 4), (64, 64, 3), (64, 128, 4), (128, 64, 3), (64, 32, 3)]
    decoder = [(32, 64, 3), (64, 128, 3), (128, 64, 4), (64, 64, 3), (64, 32, 4), (32, 32, 3), (32, 32, 4), (32, 32, 4)]
    assert parameters(network) == weights(*encoder, (32, 500, 8), (500, 32, 8), *decoder, (32, 1, 3)) == 2_703_541


def test_ssim_autoencoder_leaks_0_2_and_is_linear_in_its_latent_space() -> None:
    network = SSIMAutoencoder()
    assert {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}
    assert isinstance(network.encoder[-1], nn.Conv2d) and isinstance(network.decoder[-1], nn.Sigmoid)


@pytest.mark.usefixtures("shapes_only")
def test_unet_is_listing_a1_of_s1() -> None:
    network = UNetSpec().build(1)
    down = [(16, 512)] * 2 + [(32, 256)] * 2 + [(64, 128)] * 2 + [(128, 64)] * 2 + [(256, 32)] * 2
    up = [(128, 64)] * 3 + [(64, 128)] * 3 + [(32, 256)] * 3 + [(16, 512)] * 3
    assert shapes(network, 512) == down + up + [(1, 512)]
    assert parameters(network) == 1_940_817  # What Keras prints for this listing with one channel.
    assert [m.p for m in UNet().modules() if isinstance(m, nn.Dropout)] == [0.1, 0.1, 0.1, 0.2, 0.3, 0.2, 0.2, 0.1, 0.1]


@pytest.mark.usefixtures("shapes_only")
def test_deep_cae_is_listing_a2_of_s1() -> None:
    network = DeepCAESpec().build(1)
    down = [(16, 320)] * 2 + [(32, 160)] * 2 + [(64, 80)] * 2 + [(128, 40)] * 2 + [(256, 20)] * 2
    dense = [(100, 20), (25, 20), (100, 20)]
    up = [(128, 40)] * 3 + [(64, 80)] * 3 + [(32, 160)] * 3 + [(16, 320)] * 3
    assert shapes(network, 320) == down + dense + up + [(1, 320)]
    pairs = [(1, 16), (16, 16), (16, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    back = [(100, 128), (128, 128), (128, 128), (128, 64), (64, 64), (64, 64), (64, 32), (32, 32), (32, 32)]
    back += [(32, 16), (16, 16), (16, 16), (16, 1)]
    dense_weights = weights((256, 100, 1), (100, 25, 1), (25, 100, 1))
    assert parameters(network) == weights(*((a, b, 3) for a, b in pairs + back)) + dense_weights == 1_813_818


def test_deep_cae_has_31_layers() -> None:
    counted = (*LAYERS, nn.MaxPool2d, nn.Dropout)
    assert sum(isinstance(module, counted) for module in DeepCAE().modules()) == 31


@pytest.mark.usefixtures("shapes_only")
def test_autoencoders_of_s3_are_tables_2_and_3() -> None:
    cae = CAESpec().build(1)
    down, up = [(16, 128), (32, 64), (64, 32), (64, 16), (16, 8)], [(64, 16), (64, 32), (32, 64), (16, 128), (1, 128)]
    assert shapes(cae, 128) == [*down, (1024, 1), (100, 1), (1024, 1), (1024, 1), *up]
    mapped = [(1, 16), (16, 32), (32, 64), (64, 64), (64, 16), (16, 64), (64, 64), (64, 32), (32, 16), (16, 1)]
    linear = weights((1024, 1024, 1), (1024, 100, 1), (100, 1024, 1), (1024, 1024, 1))
    assert parameters(cae) == weights(*((a, b, 3) for a, b in mapped)) + linear == 2_444_021
    assert parameters(VAESpec().build(1)) == 2_444_021 + weights((1024, 100, 1))
    assert parameters(AAESpec().build(1)) == 2_444_021 + weights((100, 10, 1), (10, 1, 1))


@pytest.mark.usefixtures("shapes_only")
def test_industrial_autoencoder_of_s3_has_one_convolution_more() -> None:
    down = [(16, 128), (32, 128), (64, 64), (64, 32), (64, 16), (16, 8)]
    up = [(64, 16), (64, 32), (64, 64), (32, 128), (16, 128), (1, 128)]
    assert shapes(CAESpec(layers=6).build(1), 128) == [*down, (1024, 1), (100, 1), (1024, 1), (1024, 1), *up]


def test_vae_decodes_its_mean_when_it_is_used() -> None:
    network = VAE(1, 32, 8).eval()
    x = torch.rand(2, 1, 32, 32)
    assert torch.equal(network(x), network.decode(network.distribution(x)[0]))


def test_divergence_is_that_of_torch() -> None:
    mean, log_deviation = torch.randn(2, 4, 7, generator=torch.Generator().manual_seed(1)).double()
    oracle = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, log_deviation.exp()), torch.distributions.Normal(0.0, 1.0)
    ).sum(1)
    assert torch.allclose(divergence(mean, log_deviation), oracle)


def test_critic_of_s3_is_table_4() -> None:
    assert [(m.in_features, m.out_features) for m in AAE().critic if isinstance(m, nn.Linear)] == [(100, 10), (10, 1)]


def test_size_of_the_input_is_respected() -> None:
    assert CAE(3, 64, 10)(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)


# What torchvision's pages give for 21 classes with the auxiliary head of 2,365,205, less that head and 20 classes; and
# what segmentation-models-pytorch gives for one class.
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (FCNSpec(), 35_322_218 - 2_365_205 - 20 * 513),
        (DeepLabV3Spec(), 42_004_074 - 2_365_205 - 20 * 257),
        (UNetResNetSpec(), 24_436_369),
    ],
)
@pytest.mark.usefixtures("shapes_only")
def test_segmentation_networks_of_s2(torchvision: ModuleType, spec: Any, expected: int) -> None:
    network = spec.build(3).eval()
    assert parameters(network) == expected
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1, 64, 64)


@pytest.mark.usefixtures("shapes_only")
def test_fcn_and_deeplab_reduce_by_8_and_take_a_stack_of_exposures(torchvision: ModuleType) -> None:
    for spec in (FCNSpec(), DeepLabV3Spec()):
        backbone: Any = spec.build(9).network.backbone
        assert backbone.eval()(torch.zeros(1, 9, 64, 64))["out"].shape == (1, 2048, 8, 8)


def test_segmentation_networks_see_values_around_0(torchvision: ModuleType) -> None:
    seen: list[Tensor] = []
    network = UNetResNetSpec(encoder="resnet18").build(1).eval()
    network.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        network(torch.linspace(0, 1, 32 * 32).reshape(1, 1, 32, 32))
    assert (float(seen[0].min()), float(seen[0].max())) == (-1, 1)


def test_torchvision_that_does_not_fit_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(RunError, match="needs torchvision"):
        FCNSpec().build(1)
