"""PatchCore as a model: the geometry of its patches, its maps, its weights; then a run of it, stopped and resumed."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.neighbors import NearestNeighbors

from manifests.errors import RunError
from sidecar.cli import commands
from sidecar.patchcore.features import FEATURES, Extractor, grid, load_weights, state
from sidecar.patchcore.maps import anomaly_map, blur
from sidecar.patchcore.model import PatchCore, PatchCoreSpec
from sidecar.patchcore.nearest import distances
from sidecar.patchcore.pretext import _apart, learn
from sidecar.runs import Run
from sidecar.training import collect


def test_features_are_those_of_the_layers(torchvision: ModuleType) -> None:
    torch.manual_seed(0)
    extractor = Extractor().eval()
    whole = torchvision.models.mobilenet_v3_large(weights=None).eval()
    # Named and shaped alike, or this would refuse.
    whole.features[:13].load_state_dict(extractor.blocks.state_dict())
    images = torch.rand(2, 3, 64, 96)
    seen = (images - extractor.mean) / extractor.deviation
    third = whole.features[:7](seen)
    fourth = whole.features[7:13](third)
    assert (third.shape[1:], fourth.shape[1:]) == ((40, 8, 12), (112, 4, 6))
    features = extractor(images)
    assert features.shape == (2, FEATURES, *grid(64, 96)) == (2, 152, 9, 13)
    # Corner (i, j) is the mean of the four cells around it; every other corner is one of the fourth layer, too.
    assert torch.allclose(features[:, :40, 3, 5], third[:, :, 2:4, 4:6].mean(dim=(2, 3)), atol=1e-5)
    assert torch.allclose(features[:, 40:, 4, 6], fourth[:, :, 1:3, 2:4].mean(dim=(2, 3)), atol=1e-5)
    assert torch.equal(extractor.third(images), features[:, :40])


def test_any_size_is_taken() -> None:
    model = PatchCore(PatchCoreSpec(coreset=4)).eval()
    for height, width in ((16, 16), (61, 50), (40, 129)):
        assert model(torch.rand(1, 1, height, width)).shape == (1, 1, height, width)


def test_distances_are_scikit_learns_whatever_the_chunk() -> None:
    rng = np.random.default_rng(0)
    patches, members = rng.normal(size=(500, 20)), rng.normal(size=(60, 20))
    expected = NearestNeighbors(n_neighbors=1).fit(members).kneighbors(patches)[0][:, 0]
    for chunk in (7, 500, 4096):
        found = distances(torch.from_numpy(patches), torch.from_numpy(members), chunk)
        assert found.numpy() == pytest.approx(expected, abs=1e-9)


def test_map_lies_where_its_patches_lie() -> None:
    apart = torch.zeros(grid(64, 96))
    apart[3, 5] = 1.0
    mass = anomaly_map(apart, 64, 96).numpy()
    centre = ndimage.center_of_mass(mass)
    # Pixel corners lie at a half: corner (24, 40) of the image is between pixels 23 and 24, 39 and 40.
    assert centre == pytest.approx((23.5, 39.5), abs=1e-4)


def test_blur_is_scipys() -> None:
    image = np.random.default_rng(0).normal(size=(40, 50))
    expected = ndimage.gaussian_filter(image, 2.0, mode="mirror", truncate=4.0)
    assert blur(torch.from_numpy(image), 2.0).numpy() == pytest.approx(expected, abs=1e-9)


def test_weights_from_a_file(tmp_path: Path, torchvision: ModuleType) -> None:
    torch.manual_seed(1)
    whole = torchvision.models.mobilenet_v3_large(weights=None)
    torch.save(whole.state_dict(), tmp_path / "imagenet.pth")
    extractor = Extractor()
    load_weights(extractor, tmp_path / "imagenet.pth")
    assert torch.equal(extractor.blocks[12].block[0][0].weight, whole.features[12].block[0][0].weight)
    extractor.scale.mul_(2)
    torch.save(state(extractor), tmp_path / "own.pt")
    other = Extractor()
    load_weights(other, tmp_path / "own.pt")
    assert all(torch.equal(a, b) for a, b in zip(extractor.state_dict().values(), other.state_dict().values()))
    (tmp_path / "text.pt").write_text("no weights")
    torch.save({"features.0.weight": torch.ones(1)}, tmp_path / "other.pt")
    for file, said in (
        ("absent.pt", "No such file"),
        ("text.pt", "no checkpoint"),
        ("other.pt", "no weights of Mobile"),
    ):
        with pytest.raises(RunError, match=said):
            load_weights(other, tmp_path / file)


def test_features_are_learnt_from_good_images_alone() -> None:
    torch.manual_seed(0)
    extractor = Extractor()
    rng = np.random.default_rng(0)
    images = [surface(rng)[None].repeat(3, axis=0) for _ in range(4)]
    losses: list[float] = []
    learn(extractor, lambda random: images[random.integers(4)], 12, 0, lambda step, loss: losses.append(loss))
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert not extractor.training
    assert (extractor.scale != 1).any()


def test_loss_draws_good_patches_together_and_spots_away() -> None:
    near, far = torch.zeros(1, 40, 2, 2), torch.full((1, 40, 2, 2), 10.0)
    good, spot = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    assert float(_apart(near, good)) == 0 and float(_apart(far, spot)) < 1e-3
    assert float(_apart(near, spot)) == pytest.approx(-np.log(1e-4), rel=1e-3)
    # A good patch pays for its distance, as sqrt(d2 + 1) - 1.
    assert float(_apart(far, good)) == pytest.approx(np.sqrt(101) - 1)


def surface(rng: np.random.Generator) -> NDArray[np.float32]:
    """A grey picture of brushed metal, (128, 128), 0 to 1."""
    brushed = ndimage.gaussian_filter(rng.normal(size=(128, 128)), (0.7, 5))
    return np.clip(0.5 + 0.08 * brushed / brushed.std(), 0, 1).astype(np.float32)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config on pictures of brushed metal, MVTec AD's layout, some with a dark spot."""
    rng = np.random.default_rng(0)
    for side, kind, count in (("train", "good", 4), ("val", "dent", 2), ("test", "good", 2), ("test", "dent", 3)):
        for k in range(count):
            image, mask = surface(rng), np.zeros((128, 128), np.uint8)
            if kind == "dent":
                cv2.circle(mask, tuple(rng.integers(30, 98, 2).tolist()), 12, 255, -1)
                image[mask > 0] *= rng.uniform(0.2, 0.4)
            write(tmp_path / "metal" / side / kind / f"{side}{k}.png", (255 * image).astype(np.uint8))
            if kind == "dent":
                write(tmp_path / "metal" / "ground_truth" / kind / f"{side}{k}_mask.png", mask)
    torch.manual_seed(0)
    torch.save(state(Extractor()), tmp_path / "weights.pt")
    text = f"""
name: metal
data: {{sources: [{{kind: mvtec, folder: {tmp_path / "metal"}, split: given, val: 0}}]}}
model: {{kind: patchcore, coreset: 128, weights: {tmp_path / "weights.pt"}}}
training: {{epochs: 4, device: cpu}}
"""
    (tmp_path / "metal.yaml").write_text(text)
    return tmp_path / "metal.yaml"


def write(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def call(*arguments: object) -> str:
    result = CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_pictures_to_reports(config: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    call("train", config, "--out", first)
    said = call("evaluate", first)
    assert "5 images, 100 % of the defects found" in said
    metrics = json.loads((first / "evaluated" / "metrics.json").read_text())
    assert metrics["images"] == {"count": 5, "defective": 3}
    assert metrics["pixels"]["auroc"] > 0.9
    assert len((first / "evaluated" / "images.csv").read_text().splitlines()) == 6
    defects = (first / "evaluated" / "defects.csv").read_text().splitlines()
    assert defects[0] == "image,label,number,pixels,called,score,visible,diameter_px" and len(defects) == 4
    page = (first / "evaluated" / "report.html").read_text()
    assert page.count("<svg") >= 5 and page.count("data:image/webp") >= 3
    # Features, neighbours and blur in one file, for pictures of any size: asked one that was never traced.
    assert "differs from the live model by" in call("export", first)
    network, picture = Run(first).network(torch.device("cpu")), torch.rand(3, 1, 61, 150)
    session = onnxruntime.InferenceSession(first / "model.onnx", providers=["CPUExecutionProvider"])
    maps = session.run(["output"], {"windows": picture.numpy()})[0]
    assert maps == pytest.approx(network(picture).detach().numpy(), abs=1e-4)
    # Trained on from another run, and melded with it.
    call("train", config, "--out", second, "--set", f"training.start_from={first}", "--set", "seed=1")
    call("coreset", "meld", first, second, "--out", third)
    for run in (second, third):
        assert "100 % of the defects found" in call("evaluate", run)
    call("compare", first, second, third, "--out", tmp_path / "compared")
    assert len((tmp_path / "compared" / "runs.csv").read_text().splitlines()) == 4
    good, spotted = tmp_path / "metal" / "train", tmp_path / "metal" / "test" / "dent"
    call("domain-shift", good, spotted, good, "--run", first, "--out", tmp_path / "shifted")
    shifts = json.loads((tmp_path / "shifted" / "metrics.json").read_text())["shifts"]
    assert shifts[str(spotted)]["distance"] > 1 > 1e-6 > shifts[str(good)]["distance"]


def test_killed_and_resumed_gives_the_same(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    call("train", config, "--out", whole)
    save = collect.Collector._save

    def stop(self: collect.Collector, seconds: float) -> None:
        save(self, seconds)
        if self._state["epoch"] == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(collect.Collector, "_save", stop)
    assert CliRunner().invoke(commands, ["train", str(config), "--out", str(broken)]).exit_code != 0
    monkeypatch.undo()
    call("train", config, "--out", broken)
    weights = [torch.load(run / "best.pt", weights_only=True)["network"] for run in (whole, broken)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_greedy_is_another_method(config: Path, tmp_path: Path) -> None:
    call("train", config, "--out", tmp_path / "greedy", "--set", "model.method=greedy")
    assert "100 % of the defects found" in call("evaluate", tmp_path / "greedy")


def test_coresets_of_other_features_are_not_melded(config: Path, tmp_path: Path) -> None:
    call("train", config, "--out", tmp_path / "one")
    torch.manual_seed(1)
    torch.save(state(Extractor()), tmp_path / "weights.pt")
    call("train", config, "--out", tmp_path / "two")
    arguments = ["coreset", "meld", str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(tmp_path / "three")]
    result = CliRunner().invoke(commands, arguments)
    assert isinstance(result.exception, RunError)
    assert "other weights" in str(result.exception)
