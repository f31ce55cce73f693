"""Every recipe can be read, at both scales, and says what its document says."""

from __future__ import annotations

import json
import re

import pytest

from manifests.errors import ManifestError
from manifests.fields import from_dict
from sidecar.config import Config
from sidecar.config_files import RECIPES, read_config, variants_of

ALL = [
    (recipe, variant)
    for recipe in sorted(RECIPES.glob("*.yaml"))
    for variant in (variants_of(recipe) or [None])  # type: ignore[list-item]
]


@pytest.mark.parametrize(("recipe", "variant"), ALL, ids=lambda value: getattr(value, "stem", value))
def test_recipe_is_complete_at_both_scales(recipe: object, variant: str | None) -> None:
    full, small = (read_config(recipe, scale=scale, variant=variant) for scale in ("full", "small"))  # type: ignore
    assert isinstance(full, Config) and full.title
    # Others than those of documents have nothing to compare with, and are small as they are.
    of_a_document = re.match(r"s\d_", full.name) is not None
    assert bool(full.published) == (small != full) == of_a_document
    assert full.model.KIND == small.model.KIND and small.training.epochs <= full.training.epochs
    for number in full.published:
        assert number.place.startswith(full.name[:2].upper())


def recipe(name: str, variant: str) -> Config:
    return read_config(RECIPES / f"{name}.yaml", variant=variant)


def test_s0_trains_as_it_says() -> None:
    config = recipe("s0_table4", "combined")
    training = config.training
    assert (training.batch, training.steps, training.epochs, training.rate) == (10, 100, 30_000, 2e-4)
    assert training.schedule.KIND == "cosine" and recipe("s0_table4", "real").training.epochs == 10_000
    assert {source.name: source.weight for source in config.data.sources} == {"real": 10, "synthetic": 1}
    assert recipe("s0_table4", "synthetic").data.sources[0].weight == 0


def test_photographs_that_are_not_given_are_stood_in_for_and_the_title_says_so() -> None:
    stood = recipe("s0_table4", "combined")
    assert stood.title.endswith("(a second render stands in for 'real')")
    assert (stood.data.sources[0].KIND, stood.data.sources[0].weight) == ("defectory", 10)
    given = read_config(RECIPES / "s0_table4.yaml", variant="combined", folders=["real=photographs"])
    assert "stands in" not in given.title
    assert (given.data.sources[0].KIND, given.data.sources[0].folder) == ("mvtec", "photographs")


def test_folder_of_another_variant_is_no_mistake() -> None:
    table = RECIPES / "s3_table1.yaml"
    both = ["chess=a", "noise=b"]
    chosen = [
        read_config(table, variant=name, folders=both).data.sources[0].folder for name in ("chess_cae", "noise_aae")
    ]
    assert chosen == ["a", "b"]
    with pytest.raises(ManifestError, match="--data ches=a: write NAME=FOLDER; sources are chess, noise"):
        read_config(table, variant="chess_cae", folders=["ches=a"])


def test_s1_cuts_and_stitches_as_it_says() -> None:
    config = recipe("s1_thresholds", "mixed")
    assert config.data.preprocessing.size_px == (1536, 1024) and config.model.size_px == 320
    assert config.training.early_stopping is not None and config.training.early_stopping.patience == 10


def test_s2_trains_as_it_says() -> None:
    config = recipe("s2_table1", "unet_synthetic_exposures_tuned")
    assert (config.data.preprocessing.inputs, config.training.rate, config.training.optimizer) == (3, 1e-4, "adamw")
    assert config.training.start_from == "unet_synthetic_exposures"
    split = recipe("s2_table1", "fcn_synthetic").data.sources[0]
    assert (split.split, split.train, split.val, split.test) == ("counts", 28, 4, 8)


def test_config_of_the_how_to_is_one() -> None:
    page = (RECIPES.parents[1] / "docs" / "how-to" / "train-a-model.md").read_text("utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)
    assert [from_dict(Config, json.loads(block)).name for block in blocks] == ["chess"]
    assert set(re.findall(r"^\| `(s\d_\w+)`", page, re.M)) <= {recipe.stem for recipe in RECIPES.glob("*.yaml")}
